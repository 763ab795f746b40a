/* Credentials that change while we run, and plugins: real child processes, clocks that the tests move. */
#define _GNU_SOURCE /* nftw */
#include <poll.h>
#include <time.h>

#include "../../operator/kube/credentials.h"
#include "kube_fixture.h"

enum { MINUTE = 60 * 1000 };

#define HEAD       "#!/bin/sh\n"
#define CREDENTIAL "{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/v1\", \"status\": "

static int64_t boot_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Loads a kubeconfig with these lines under its user. */
static struct kube_config load_user(const char *cluster, const char *user)
{
    auto_strbuf struct strbuf text = { 0 };
    struct kube_config config;
    struct error err;

    strbuf_adds(&text, "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n");
    strbuf_addf(&text, "clusters:\n- name: k\n  cluster:\n    server: https://h\n%s", cluster);
    strbuf_addf(&text, "users:\n- name: u\n  user:\n%s", user);
    write_file("config", text.data);
    if (kube_config_load(&(struct kube_config_options){ .kubeconfig = in_folder("config") }, &config, &err) < 0)
        fail_msg("%s", err.message);
    return config;
}

static struct kube_config load_plugin(const char *command, const char *more)
{
    auto_strbuf struct strbuf user = { 0 };

    strbuf_adds(&user, "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n");
    strbuf_addf(&user, "      command: %s\n%s", command, more);
    return load_user("", user.data);
}

static struct credentials *create(const struct kube_config *config, int64_t now_ms)
{
    struct credentials *credentials = NULL;
    struct error err;

    if (credentials_create(config, now_ms, &credentials, &err) < 0)
        fail_msg("%s", err.message);
    return credentials;
}

/* The headers as one text; static. */
static const char *headers_of(const struct credentials *credentials)
{
    static char text[4096];
    struct credentials_headers headers = credentials_headers(credentials);
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < headers.count; i++)
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s: %s\n", headers.list[i].name, headers.list[i].value);
    return text;
}

static void must_poll(struct credentials *credentials, int64_t now_ms)
{
    struct error err;

    if (credentials_poll(credentials, now_ms, &err) < 0)
        fail_msg("%s", err.message);
}

static void must_fail(struct credentials *credentials, int64_t now_ms, const char *problem)
{
    struct error err;

    assert_int_equal(credentials_poll(credentials, now_ms, &err), -1);
    assert_contains(err.message, problem);
}

/* Polls as a loop would, while time stands still, until the running plugin has ended; what poll said of it. */
static int finish_run(struct credentials *credentials, int64_t now_ms, struct error *err)
{
    assert_true(credentials_fd(credentials) >= 0);
    for (int i = 0; i < 1000; i++) {
        struct pollfd wait = { .fd = credentials_fd(credentials), .events = POLLIN };

        if (wait.fd < 0)
            return 0;
        poll(&wait, 1, 1000);
        if (credentials_poll(credentials, now_ms, err) < 0)
            return -1;
    }
    fail_msg("the plugin never ends");
    return -1;
}

static void credentials_headers__of_each_kind(void **state)
{
    static const char *const cases[][2] = {
        { "    {}\n", "" },
        { "    token: abc\n", "Authorization: Bearer abc\n" },
        { "    username: me\n    password: pass\n", "Authorization: Basic bWU6cGFzcw==\n" },
        { "    token: abc\n    as: jane\n    as-groups: [a]\n",
          "Authorization: Bearer abc\nImpersonate-User: jane\nImpersonate-Group: a\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct kube_config config = load_user("", cases[i][0]);
        struct credentials *credentials = create(&config, 0);

        assert_string_equal(headers_of(credentials), cases[i][1]);
        assert_true(credentials_next(credentials, 0) == INT64_MAX);
        assert_int_equal(credentials_fd(credentials), -1);
        assert_false(credentials_rejected(credentials, 5, credentials_headers(credentials).serial));
        credentials_destroy(credentials);
        kube_config_finish(&config);
    }
}

static void credentials_poll__token_file__is_read_each_minute(void **state)
{
    struct kube_config config;
    struct credentials *credentials;
    uint64_t first;

    (void)state;
    write_file("rotating", "one\n");
    config = load_user("", "    tokenFile: rotating\n");
    credentials = create(&config, 1000);
    first = credentials_headers(credentials).serial;
    assert_int_equal(credentials_next(credentials, 1000), 1000 + MINUTE);

    write_file("rotating", "two\n");
    must_poll(credentials, MINUTE);
    assert_string_equal(headers_of(credentials), "Authorization: Bearer one\n");
    must_poll(credentials, 1000 + MINUTE);
    assert_string_equal(headers_of(credentials), "Authorization: Bearer two\n");
    assert_true(credentials_headers(credentials).serial != first);
    assert_int_equal(credentials_generation(credentials), 1); /* connections may stay */

    remove(in_folder("rotating")); /* the old one stays in use, and is tried again */
    must_fail(credentials, 1000 + 2 * MINUTE, "rotating: cannot be read: No such file");
    assert_string_equal(headers_of(credentials), "Authorization: Bearer two\n");
    write_file("rotating", " \n");
    must_fail(credentials, 1000 + 3 * MINUTE, "the token in it: is empty");
    write_file("rotating", "three");
    must_poll(credentials, 1000 + 4 * MINUTE);
    assert_string_equal(headers_of(credentials), "Authorization: Bearer three\n");
    credentials_destroy(credentials);
    kube_config_finish(&config);
}

static void credentials_rejected__token_file__is_read_at_once(void **state)
{
    struct kube_config config;
    struct credentials *credentials;
    uint64_t serial;

    (void)state;
    write_file("rotating", "one");
    config = load_user("", "    tokenFile: rotating\n");
    credentials = create(&config, 0);
    serial = credentials_headers(credentials).serial;
    assert_false(credentials_rejected(credentials, 5000, serial)); /* nothing new there */
    write_file("rotating", "two");
    assert_false(credentials_rejected(credentials, 5500, serial)); /* not more than once a second */
    assert_true(credentials_rejected(credentials, 6000, serial));
    assert_true(credentials_rejected(credentials, 6001, serial)); /* a request from before */
    assert_string_equal(headers_of(credentials), "Authorization: Bearer two\n");
    credentials_destroy(credentials);
    kube_config_finish(&config);
}

static void credentials_poll__certificates__change_the_generation(void **state)
{
    struct kube_config config;
    struct credentials *credentials;

    (void)state;
    write_file("r.ca", certificate_a);
    write_file("r.crt", certificate_a);
    write_file("r.key", key_a);
    config = load_user("    certificate-authority: r.ca\n", "    client-certificate: r.crt\n    client-key: r.key\n");
    credentials = create(&config, 0);
    assert_int_equal(credentials_next(credentials, 0), 5 * MINUTE);
    must_poll(credentials, 5 * MINUTE);
    assert_int_equal(credentials_generation(credentials), 1);

    write_file("r.ca", certificate_b);
    must_poll(credentials, 9 * MINUTE);
    assert_string_equal(credentials_tls(credentials).ca, certificate_a);
    must_poll(credentials, 10 * MINUTE);
    assert_string_equal(credentials_tls(credentials).ca, certificate_b);
    assert_int_equal(credentials_generation(credentials), 2);

    write_file("r.crt", certificate_b); /* half of a rotation: keep the old pair */
    must_fail(credentials, 15 * MINUTE, "r.crt: the client certificate and the client key do not belong together");
    assert_string_equal(credentials_tls(credentials).certificate, certificate_a);
    write_file("r.key", key_b);
    must_poll(credentials, 20 * MINUTE);
    assert_string_equal(credentials_tls(credentials).certificate, certificate_b);
    assert_string_equal(credentials_tls(credentials).key, key_b);
    assert_int_equal(credentials_generation(credentials), 3);

    write_file("r.ca", "nonsense");
    must_fail(credentials, 25 * MINUTE, "r.ca: is not in PEM form");
    assert_string_equal(credentials_tls(credentials).ca, certificate_b);
    write_file("r.ca", certificate_a); /* a 401 brings it forward */
    assert_false(credentials_rejected(credentials, 26 * MINUTE, credentials_headers(credentials).serial));
    must_poll(credentials, 26 * MINUTE);
    assert_int_equal(credentials_generation(credentials), 4);
    credentials_destroy(credentials);
    kube_config_finish(&config);
}

/* What the plugin was given arrives: arguments untouched by any shell, our environment with its own over it. */
static void credentials_create__plugin__gets_arguments_and_environment(void **state)
{
    struct kube_config config;
    struct credentials *credentials;
    FILE *file;
    char line[1024];

    (void)state;
    setenv("KITAE_KEPT", "kept", 1);
    setenv("KITAE_OVER", "ours", 1);
    write_script("plugin",
                 HEAD "exec 3>&1; cd \"$(dirname \"$0\")\"\n"
                      "printf '%s|' \"$@\" \"$KITAE_KEPT\" \"$KITAE_OVER\" \"$KUBERNETES_EXEC_INFO\" >seen\n"
                      "ls /proc/self/fd | wc -l | tr -d '\\n' >>seen; cat >>seen\n"
                      "printf '" CREDENTIAL "{\"token\": \"tok\"}}'\n");
    config = load_plugin("./plugin",
                         "      args: [\"$(touch x)\", \"a b\"]\n      env: [{name: KITAE_OVER, value: theirs}]\n"
                         "      provideClusterInfo: true\n");
    credentials = create(&config, 0);
    assert_string_equal(headers_of(credentials), "Authorization: Bearer tok\n");
    assert_true(credentials_next(credentials, 0) == INT64_MAX);
    file = fopen(in_folder("seen"), "r");
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    assert_string_equal(line,
                        "$(touch x)|a b|kept|theirs|"
                        "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"spec\":"
                        "{\"cluster\":{\"server\":\"https://h:443\"},\"interactive\":false}}|5");
    credentials_destroy(credentials);
    kube_config_finish(&config);
}

static void credentials_create__plugin_in_path__is_found(void **state)
{
    auto_strbuf struct strbuf path = { 0 };
    auto_free char *before = xstrdup(getenv("PATH"));
    struct kube_config config;
    struct credentials *credentials;

    (void)state;
    write_script("kitae-test-plugin", HEAD "echo '" CREDENTIAL "{\"token\": \"from-path\"}}'\n");
    strbuf_addf(&path, "%s:%s", folder, before);
    setenv("PATH", path.data, 1);
    config = load_plugin("kitae-test-plugin", "");
    credentials = create(&config, 0);
    setenv("PATH", before, 1);
    assert_string_equal(headers_of(credentials), "Authorization: Bearer from-path\n");
    credentials_destroy(credentials);
    kube_config_finish(&config);
}

static void credentials_create__bad_plugins__are_refused(void **state)
{
    static const struct {
        const char *script, *problem;
    } cases[] = {
        { "exit 3", "the credential plugin '" },
        { "exit 3", "it exited with code 3" },
        { "kill -9 $$", "it was killed by signal 9" },
        { "true", "its output is not an ExecCredential: it is empty" },
        { "echo '[]'", "its output is not an ExecCredential: it is no object" },
        { "echo '{hunter2'", "its output:" },
        { "echo '{\"token\": \"hunter2\"}'", "its output is not an ExecCredential: another kind" },
        { "echo '{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/v1beta1\"}'",
          "another apiVersion than the kubeconfig asks for: client.authentication.k8s.io/v1" },
        { "echo '" CREDENTIAL "null}'", "its output has no status" },
        { "echo '" CREDENTIAL "{}}'", "neither a token nor a client certificate" },
        { "echo '" CREDENTIAL "{\"token\": 5}}'", "its output: status.token: expected a string" },
        { "echo '" CREDENTIAL "{\"token\": \"hunter2\\\\n\"}}'", "status.token: has a line break" },
        { "echo '" CREDENTIAL "{\"clientKeyData\": \"hunter2\"}}'", "without the other" },
        { "echo '" CREDENTIAL "{\"clientKeyData\": \"hunter2\", \"clientCertificateData\": \"x\"}}'",
          "the client certificate is not a certificate" },
        { "echo '" CREDENTIAL "{\"token\": \"x\", \"expirationTimestamp\": \"soon\"}}'", "is not an RFC 3339 time" },
        { "exec head -c 2000000 /dev/zero", "it printed more than 1048576 bytes" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_strbuf struct strbuf script = { 0 };
        struct credentials *credentials = NULL;
        struct kube_config config;
        struct error err;

        strbuf_addf(&script, HEAD "%s\n", cases[i].script);
        write_script("bad", script.data);
        config = load_plugin("./bad", "");
        assert_int_equal(credentials_create(&config, 0, &credentials, &err), -1);
        assert_contains(err.message, cases[i].problem);
        assert_null(strstr(err.message, "hunter2"));
        kube_config_finish(&config);
    }
}

static void credentials_create__plugin_missing__says_how_to_install(void **state)
{
    struct kube_config config = load_plugin("kitae-no-such-plugin", "      installHint: apt install it\n");
    struct credentials *credentials;
    struct error err;

    (void)state;
    assert_int_equal(credentials_create(&config, 0, &credentials, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    assert_contains(err.message, "'kitae-no-such-plugin' is not there (not in PATH): apt install it");
    kube_config_finish(&config);
    write_file("unrunnable", HEAD);
    config = load_plugin("./unrunnable", "");
    assert_int_equal(credentials_create(&config, 0, &credentials, &err), -1);
    assert_contains(err.message, "cannot be run: Permission denied");
    kube_config_finish(&config);
}

static void exec_credential_parse__expired__says_so(void **state)
{
    static const char *const arguments[] = { "x", NULL };
    const struct exec_config config = { .api_version = "client.authentication.k8s.io/v1beta1", .arguments = arguments };
    struct exec_credential credential;
    struct error err;

    (void)state;
    if (exec_credential_parse(&config,
                              slice_of("kind: ExecCredential\napiVersion: client.authentication.k8s.io/v1beta1\n"
                                       "status: {token: abc, expirationTimestamp: 2001-01-01T00:00:00Z}\n"),
                              &credential,
                              &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(credential.token, "abc");
    assert_null(credential.certificate);
    assert_true(credential.expires_in_ms < 0);
    exec_credential_finish(&credential);
}

/* Whether a process runs; one that waits to be reaped by a parent we know nothing of does not. */
static bool is_alive(int pid)
{
    char path[64], status = 'Z';
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    file = fopen(path, "r");
    if (!file)
        return false;
    if (fscanf(file, "%*d %*s %c", &status) != 1)
        status = 'Z';
    fclose(file);
    return status != 'Z';
}

/* A plugin that hangs is killed with all it started, and the pipe it left behind is not waited for. */
static void exec_plugin_step__past_the_deadline__kills(void **state)
{
    const char *arguments[] = { NULL, NULL }, *environment[] = { NULL };
    struct exec_config config = { .api_version = "x", .arguments = arguments, .environment = environment };
    struct exec_plugin plugin = { 0 };
    struct exec_credential credential;
    struct error err;
    bool done;
    FILE *file;
    int child = 0;

    (void)state;
    write_script("hang", HEAD "sleep 1000 &\necho $! >\"$(dirname \"$0\")/child\"; echo ready; wait\n");
    arguments[0] = in_folder("hang");
    assert_int_equal(exec_plugin_start(&plugin, &config, 0, 30000, &err), 0);
    assert_int_equal(poll(&(struct pollfd){ .fd = exec_plugin_fd(&plugin), .events = POLLIN }, 1, 10000), 1);
    assert_int_equal(exec_plugin_step(&plugin, 29999, &done, &credential, &err), 0);
    assert_false(done);
    assert_int_equal(exec_plugin_step(&plugin, 30000, &done, &credential, &err), -1);
    assert_contains(err.message, "did not finish in time and was killed");
    assert_false(exec_plugin_is_running(&plugin));
    assert_int_equal(exec_plugin_fd(&plugin), -1);
    file = fopen(in_folder("child"), "r");
    assert_int_equal(fscanf(file, "%d", &child), 1);
    fclose(file);
    for (int i = 0; i < 500 && is_alive(child); i++)
        usleep(10000);
    assert_false(is_alive(child));
}

/* Prints a counter as token; lives 100 s. */
static const char counting[] =
    HEAD "cd \"$(dirname \"$0\")\"; n=$(cat count 2>/dev/null || echo 0); n=$((n + 1)); echo $n >count\n"
         "[ -e broken ] && exit 1\n"
         "echo '" CREDENTIAL "{\"token\": \"t'$n'\", \"expirationTimestamp\": \"'"
         "$(date -u -d '+100 seconds' +%Y-%m-%dT%H:%M:%SZ)'\"}}'\n";

static void credentials_poll__plugin__is_run_again_before_the_end(void **state)
{
    struct kube_config config;
    struct credentials *credentials;
    struct error err;
    int64_t due;

    (void)state;
    remove(in_folder("count"));
    write_script("counting", counting);
    config = load_plugin("./counting", "");
    credentials = create(&config, 0);
    due = credentials_next(credentials, 0); /* 4/5 of 100 s, less what the run and whole seconds took */
    assert_in_range(due, 70 * 1000, 80 * 1000);
    must_poll(credentials, due - 1);
    assert_int_equal(credentials_fd(credentials), -1);
    must_poll(credentials, due);
    assert_string_equal(headers_of(credentials), "Authorization: Bearer t1\n"); /* meanwhile the old one */
    assert_int_equal(finish_run(credentials, due, &err), 0);
    assert_string_equal(headers_of(credentials), "Authorization: Bearer t2\n");
    assert_int_equal(credentials_generation(credentials), 1);

    write_file("broken", "");
    due = credentials_next(credentials, due);
    must_poll(credentials, due);
    assert_int_equal(finish_run(credentials, due, &err), -1);
    assert_contains(err.message, "counting': it exited with code 1");
    assert_string_equal(headers_of(credentials), "Authorization: Bearer t2\n");
    assert_int_equal(credentials_next(credentials, due), due + 1000); /* and back-off */
    must_poll(credentials, due + 1000);
    assert_int_equal(finish_run(credentials, due + 1000, &err), -1);
    assert_int_equal(credentials_next(credentials, due), due + 3000);
    remove(in_folder("broken"));
    must_poll(credentials, due + 3000);
    assert_int_equal(finish_run(credentials, due + 3000, &err), 0);
    assert_string_equal(headers_of(credentials), "Authorization: Bearer t5\n");
    credentials_destroy(credentials);
    kube_config_finish(&config);
}

static void credentials_rejected__plugin__is_run_again_once(void **state)
{
    struct kube_config config;
    struct credentials *credentials;
    struct error err;
    uint64_t first, second;

    (void)state;
    remove(in_folder("count"));
    write_script("counting", counting);
    config = load_plugin("./counting", "");
    credentials = create(&config, 0);
    first = credentials_headers(credentials).serial;
    for (int i = 0; i < 20; i++) /* many requests were in flight */
        assert_false(credentials_rejected(credentials, 30000, first));
    assert_int_equal(credentials_next(credentials, 30000), 30000);
    must_poll(credentials, 30000);
    assert_false(credentials_rejected(credentials, 30000, first));
    assert_int_equal(finish_run(credentials, 30000, &err), 0);
    assert_string_equal(headers_of(credentials), "Authorization: Bearer t2\n");
    assert_true(credentials_rejected(credentials, 30001, first));

    second = credentials_headers(credentials).serial; /* the new one is refused too: not at once any more */
    assert_false(credentials_rejected(credentials, 30100, second));
    assert_int_equal(credentials_next(credentials, 30100), 30000 + 2000);
    credentials_destroy(credentials);
    kube_config_finish(&config);
}

/* What a plugin prints that gives a client certificate. */
static void write_certificates(const char *certificate, const char *key)
{
    const struct {
        const char *name, *pem;
    } parts[] = { { "clientCertificateData", certificate }, { "clientKeyData", key } };
    auto_strbuf struct strbuf text = { 0 };

    strbuf_adds(&text, "kind: ExecCredential\napiVersion: client.authentication.k8s.io/v1\nstatus:\n");
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        strbuf_addf(&text, "  %s: |\n", parts[i].name);
        for (const char *line = parts[i].pem; *line; line = strchr(line, '\n') + 1)
            strbuf_addf(&text, "    %.*s\n", (int)strcspn(line, "\n"), line);
    }
    write_file("printed", text.data);
}

static void credentials_poll__plugin_with_certificate__changes_the_generation(void **state)
{
    struct kube_config config;
    struct credentials *credentials;
    uint64_t generation;
    struct error err;

    (void)state;
    write_script("certificates", HEAD "cd \"$(dirname \"$0\")\"; cat printed\n");
    write_certificates(certificate_a, key_a);
    config = load_plugin("./certificates", "");
    credentials = create(&config, 0);
    assert_string_equal(credentials_tls(credentials).key, key_a);
    assert_string_equal(headers_of(credentials), "");
    generation = credentials_generation(credentials);

    write_certificates(certificate_b, key_b);
    assert_false(credentials_rejected(credentials, 5000, credentials_headers(credentials).serial));
    must_poll(credentials, 5000);
    assert_int_equal(finish_run(credentials, 5000, &err), 0);
    assert_string_equal(credentials_tls(credentials).certificate, certificate_b);
    assert_int_equal(credentials_generation(credentials), generation + 1);
    credentials_destroy(credentials);
    kube_config_finish(&config);
}

static void credentials_destroy__while_a_plugin_runs__is_quick(void **state)
{
    struct kube_config config;
    struct credentials *credentials;
    int64_t start;

    (void)state;
    remove(in_folder("slow"));
    write_script("maybe-slow",
                 HEAD "cd \"$(dirname \"$0\")\"; [ -e slow ] && sleep 1000\necho '" CREDENTIAL
                      "{\"token\": \"x\"}}'\n");
    config = load_plugin("./maybe-slow", "");
    credentials = create(&config, 0);
    write_file("slow", "");
    assert_false(credentials_rejected(credentials, 5000, credentials_headers(credentials).serial));
    must_poll(credentials, 5000);
    assert_int_equal(credentials_next(credentials, 5000), 35000); /* its deadline */
    start = boot_ms();
    credentials_destroy(credentials);
    assert_true(boot_ms() - start < 5000);
    kube_config_finish(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(credentials_headers__of_each_kind, clear_environment),
        cmocka_unit_test_setup(credentials_poll__token_file__is_read_each_minute, clear_environment),
        cmocka_unit_test_setup(credentials_rejected__token_file__is_read_at_once, clear_environment),
        cmocka_unit_test_setup(credentials_poll__certificates__change_the_generation, clear_environment),
        cmocka_unit_test_setup(credentials_create__plugin__gets_arguments_and_environment, clear_environment),
        cmocka_unit_test_setup(credentials_create__plugin_in_path__is_found, clear_environment),
        cmocka_unit_test_setup(credentials_create__bad_plugins__are_refused, clear_environment),
        cmocka_unit_test_setup(credentials_create__plugin_missing__says_how_to_install, clear_environment),
        cmocka_unit_test_setup(exec_credential_parse__expired__says_so, clear_environment),
        cmocka_unit_test_setup(exec_plugin_step__past_the_deadline__kills, clear_environment),
        cmocka_unit_test_setup(credentials_poll__plugin__is_run_again_before_the_end, clear_environment),
        cmocka_unit_test_setup(credentials_rejected__plugin__is_run_again_once, clear_environment),
        cmocka_unit_test_setup(credentials_poll__plugin_with_certificate__changes_the_generation, clear_environment),
        cmocka_unit_test_setup(credentials_destroy__while_a_plugin_runs__is_quick, clear_environment),
    };

    return cmocka_run_group_tests(tests, make_fixture, remove_fixture);
}
