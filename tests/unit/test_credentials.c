/* Credentials that change while we run: files, and plugins that are run again. Clocks are moved by the tests. */
#define _GNU_SOURCE /* nftw */
#include <poll.h>
#include <time.h>

#include "../../operator/kube/credentials.h"
#include "kube_fixture.h"

enum { MINUTE = 60 * 1000 };

static int64_t boot_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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
        cmocka_unit_test_setup(credentials_poll__plugin__is_run_again_before_the_end, clear_environment),
        cmocka_unit_test_setup(credentials_rejected__plugin__is_run_again_once, clear_environment),
        cmocka_unit_test_setup(credentials_poll__plugin_with_certificate__changes_the_generation, clear_environment),
        cmocka_unit_test_setup(credentials_destroy__while_a_plugin_runs__is_quick, clear_environment),
    };

    return cmocka_run_group_tests(tests, make_fixture, remove_fixture);
}
