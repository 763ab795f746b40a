/* Credential plugins as child processes: what they are given, what they may print, how they end. */
#define _GNU_SOURCE /* nftw */
#include <poll.h>

#include "kube_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(credentials_create__plugin__gets_arguments_and_environment, clear_environment),
        cmocka_unit_test_setup(credentials_create__plugin_in_path__is_found, clear_environment),
        cmocka_unit_test_setup(credentials_create__bad_plugins__are_refused, clear_environment),
        cmocka_unit_test_setup(credentials_create__plugin_missing__says_how_to_install, clear_environment),
        cmocka_unit_test_setup(exec_credential_parse__expired__says_so, clear_environment),
        cmocka_unit_test_setup(exec_plugin_step__past_the_deadline__kills, clear_environment),
    };

    return cmocka_run_group_tests(tests, make_fixture, remove_fixture);
}
