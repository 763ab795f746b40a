/* Where the configuration comes from: the order of the sources, merging, the pod, proxies of the environment. */
#define _GNU_SOURCE /* nftw */
#include "../../operator/kube/config.h"
#include "kube_fixture.h"

#define POD "root/var/run/secrets/kubernetes.io/serviceaccount"

/* A kubeconfig with one context `name`, for the server of the same name. */
static void write_simple(const char *file, const char *name)
{
    auto_strbuf struct strbuf text = { 0 };

    strbuf_addf(
        &text, "current-context: %s\nclusters: [{name: %s, cluster: {server: 'https://%s'}}]\n", name, name, name);
    strbuf_addf(&text, "users: [{name: %s, user: {token: %s}}]\n", name, name);
    strbuf_addf(&text, "contexts: [{name: %s, context: {cluster: %s, user: %s}}]\n", name, name, name);
    write_file(file, text.data);
}

static void write_pod(const char *token, const char *ca, const char *namespace)
{
    for (size_t at = 4; at <= strlen(POD); at++) { /* mkdir -p */
        char part[sizeof(POD)] = POD;

        if (part[at] == '/' || !part[at]) {
            part[at] = '\0';
            mkdir(in_folder(part), 0755);
        }
    }
    remove(in_folder(POD "/token"));
    remove(in_folder(POD "/ca.crt"));
    remove(in_folder(POD "/namespace"));
    if (token)
        write_file(POD "/token", token);
    if (ca)
        write_file(POD "/ca.crt", ca);
    if (namespace)
        write_file(POD "/namespace", namespace);
    setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
}

/* The host of what is loaded, or the message. */
static const char *host_of(const char *kubeconfig, const char *context)
{
    static char text[600];
    struct kube_config config;
    struct error err;
    struct kube_config_options options = { .kubeconfig = kubeconfig, .context = context, .root = in_folder("root") };

    if (kube_config_load(&options, &config, &err) < 0) {
        snprintf(text, sizeof(text), "%s", err.message);
        return text;
    }
    snprintf(text, sizeof(text), "%s", config.server.host);
    kube_config_finish(&config);
    return text;
}

static void kube_config_load__sources__in_order(void **state)
{
    (void)state;
    assert_contains(host_of(NULL, NULL), "no kubeconfig: pass --kubeconfig");
    write_simple("home/.kube/config", "home");
    assert_string_equal(host_of(NULL, NULL), "home");
    write_pod("pod-token", certificate_a, "team");
    assert_string_equal(host_of(NULL, NULL), "10.0.0.1");
    assert_string_equal(host_of(NULL, "home"), "home"); /* a context is never the pod's */
    write_simple("listed", "listed");
    setenv("KUBECONFIG", in_folder("listed"), 1);
    assert_string_equal(host_of(NULL, NULL), "listed");
    write_simple("given", "given");
    assert_string_equal(host_of(in_folder("given"), NULL), "given");
    assert_contains(host_of(in_folder("nowhere"), NULL), "nowhere: cannot be read: No such file");
    assert_contains(host_of(in_folder("given"), "other"), "has no context 'other', only: given");
    setenv("KUBECONFIG", in_folder("nowhere"), 1);
    assert_contains(host_of(NULL, NULL), "$KUBECONFIG: none of these files is there");
    setenv("KUBECONFIG", ":", 1);
    assert_contains(host_of(NULL, NULL), "$KUBECONFIG: none of these files is there");
}

static void kube_config_load__several_files__first_wins(void **state)
{
    auto_strbuf struct strbuf list = { 0 };
    struct kube_config config;
    struct error err;

    (void)state;
    make_folder("sub");
    write_file("first",
               "current-context: ''\n"
               "clusters: [{name: red, cluster: {server: 'https://red-1'}}]\n"
               "contexts: [{name: mixed, context: {cluster: red, user: two, namespace: n1}}]\n");
    write_file("sub/second",
               "current-context: mixed\n"
               "clusters: [{name: red, cluster: {server: 'https://red-2', tls-server-name: x}}, {name: blue}]\n"
               "contexts: [{name: mixed, context: {cluster: blue, user: one, namespace: n2}}]\n"
               "users: [{name: two, user: {tokenFile: secret}}]\n");
    write_file("sub/secret", "from-sub");
    write_file("third", "current-context: nothing\n");
    strbuf_addf(&list, "%s:%s::", in_folder("missing"), in_folder("first"));
    strbuf_addf(&list, "%s:%s", in_folder("sub/second"), in_folder("third"));
    setenv("KUBECONFIG", list.data, 1);
    if (kube_config_load(&(struct kube_config_options){ 0 }, &config, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(config.context, "mixed");
    assert_string_equal(config.server.url, "https://red-1:443");
    assert_null(config.tls_server_name); /* a whole entry wins, nothing of the second */
    assert_string_equal(config.namespace, "n1");
    assert_string_equal(config.token, "from-sub"); /* a path is relative to the file that names it */
    assert_string_equal(config.token_file, in_folder("sub/secret"));
    assert_contains(config.source, "first, ");
    assert_contains(config.source, "third");
    kube_config_finish(&config);

    write_file("third", "clusters: {\n");
    assert_int_equal(kube_config_load(&(struct kube_config_options){ 0 }, &config, &err), -1);
    assert_contains(err.message, "third:2:1: ");
}

static void kube_config_load__in_a_pod__table(void **state)
{
    struct kube_config_options options = { .root = in_folder("root") };
    struct kube_config config;
    struct error err;

    (void)state;
    remove(in_folder("home/.kube/config"));
    write_pod(" pod-token\n", certificate_a, "team\n");
    assert_int_equal(kube_config_load(&options, &config, &err), 0);
    assert_string_equal(config.source, "in-cluster");
    assert_string_equal(config.server.url, "https://10.0.0.1:443");
    assert_string_equal(config.token, "pod-token");
    assert_string_equal(config.ca, certificate_a);
    assert_non_null(config.ca_file);
    assert_string_equal(config.namespace, "team");
    assert_null(config.warning);
    assert_null(config.context);
    kube_config_finish(&config);

    setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    assert_int_equal(kube_config_load(&options, &config, &err), 0);
    assert_string_equal(config.server.url, "https://[fd00::1]:443");
    assert_string_equal(config.tls_server_name, "kubernetes.default.svc");
    kube_config_finish(&config);

    write_pod("t", NULL, NULL);
    assert_int_equal(kube_config_load(&options, &config, &err), 0);
    assert_null(config.ca);
    assert_contains(config.warning, "ca.crt is missing");
    assert_string_equal(config.namespace, "default");
    kube_config_finish(&config);

    write_pod(NULL, NULL, NULL);
    assert_contains(host_of(NULL, NULL), "in a pod, but without its token");
    write_pod("", NULL, NULL);
    assert_contains(host_of(NULL, NULL), "token: the token in it: is empty");
    write_pod("t", "hunter2", NULL);
    assert_contains(host_of(NULL, NULL), "ca.crt: is not in PEM form");
    write_pod("t", NULL, "Bad");
    assert_contains(host_of(NULL, NULL), "namespace: is not the name of a namespace");
    setenv("KUBERNETES_SERVICE_PORT", "x", 1);
    assert_contains(host_of(NULL, NULL), "$KUBERNETES_SERVICE_HOST and _PORT: the port");
}

static void kube_config_load__proxy_of_the_environment__table(void **state)
{
    static const struct {
        const char *server, *https_proxy, *http_proxy, *no_proxy, *want; /* want NULL: none */
    } cases[] = {
        { "https://h", NULL, NULL, NULL, NULL },
        { "https://h", "", NULL, NULL, NULL },
        { "https://h", "http://p:1", "http://q:2", NULL, "http://p:1" },
        { "http://h", "http://p:1", "http://q:2", NULL, "http://q:2" },
        { "https://h", "p:1", NULL, NULL, "http://p:1" },
        { "https://h", "socks5://p", NULL, NULL, "socks5h://p:1080" },
        { "https://localhost:6443", "p:1", NULL, NULL, NULL },
        { "https://127.0.0.2", "p:1", NULL, NULL, NULL },
        { "https://[::1]", "p:1", NULL, NULL, NULL },
        { "https://h.foo.com", "p:1", NULL, "foo.com", NULL },
        { "https://foo.com", "p:1", NULL, "x, foo.com ,y", NULL },
        { "https://foo.com", "p:1", NULL, ".foo.com", "http://p:1" },
        { "https://h.foo.com", "p:1", NULL, ".foo.com", NULL },
        { "https://h.foo.com", "p:1", NULL, "*.foo.com", NULL },
        { "https://hfoo.com", "p:1", NULL, "foo.com", "http://p:1" },
        { "https://H.Foo.com", "p:1", NULL, "h.fOO.com", NULL },
        { "https://foo.com", "p:1", NULL, "foo.com:443", NULL },
        { "https://foo.com:6443", "p:1", NULL, "foo.com:443", "http://p:1" },
        { "https://h", "p:1", NULL, "*", NULL },
        { "https://10.1.2.3", "p:1", NULL, "10.0.0.0/8", NULL },
        { "https://11.1.2.3", "p:1", NULL, "10.0.0.0/8", "http://p:1" },
        { "https://10.1.2.3", "p:1", NULL, "10.1.2.3/33,10.1.2.3/x,/8", "http://p:1" },
        { "https://10.1.2.3", "p:1", NULL, "10.1.2.3", NULL },
        { "https://10.1.2.3", "p:1", NULL, "10.1.2.3:6443", "http://p:1" },
        { "https://[fd00::12]", "p:1", NULL, "fd00::/16", NULL },
        { "https://[fd00::12]", "p:1", NULL, "fd00::12", NULL },
        { "https://[fd00::12]", "p:1", NULL, "[fd00::12]:443", NULL },
        { "https://h", "p:1", NULL, ",, ,:,[]", "http://p:1" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_strbuf struct strbuf text = { 0 };
        struct kube_config_options options = { .kubeconfig = in_folder("proxied") };
        struct kube_config config;
        struct error err;

        clear_environment(NULL);
        strbuf_addf(&text, "current-context: c\nclusters: [{name: k, cluster: {server: '%s'}}]\n", cases[i].server);
        strbuf_adds(&text, "users: [{name: u}]\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n");
        write_file("proxied", text.data);
        setenv(i % 2 ? "HTTPS_PROXY" : "https_proxy", cases[i].https_proxy ? cases[i].https_proxy : "", 1);
        setenv(i % 2 ? "HTTP_PROXY" : "http_proxy", cases[i].http_proxy ? cases[i].http_proxy : "", 1);
        setenv(i % 2 ? "NO_PROXY" : "no_proxy", cases[i].no_proxy ? cases[i].no_proxy : "", 1);
        if (kube_config_load(&options, &config, &err) < 0)
            fail_msg("%zu: %s", i, err.message);
        if (!config.proxy.url != !cases[i].want || (config.proxy.url && strcmp(config.proxy.url, cases[i].want) != 0))
            fail_msg("%zu: %s, NO_PROXY=%s: %s", i, cases[i].server, cases[i].no_proxy, config.proxy.url);
        kube_config_finish(&config);
    }
    setenv("HTTPS_PROXY", "ftp://me:hunter2@p", 1);
    assert_contains(host_of(in_folder("proxied"), NULL), "the environment variable HTTPS_PROXY: unknown scheme");
}

static void proxy_parse__user_and_password__are_decoded(void **state)
{
    auto_arena struct arena arena = { 0 };
    struct proxy proxy;
    struct error err;

    (void)state;
    assert_int_equal(proxy_parse("http://me%40x:p%3aw@p:3128", &arena, &proxy, &err), 0);
    assert_string_equal(proxy.user, "me@x");
    assert_string_equal(proxy.password, "p:w");
    assert_string_equal(proxy.url, "http://p:3128");
    assert_int_equal(proxy_parse("http://me@p", &arena, &proxy, &err), 0);
    assert_string_equal(proxy.user, "me");
    assert_null(proxy.password);
    assert_int_equal(proxy.port, 80);
    assert_int_equal(proxy_parse("http://me:%0a@p", &arena, &proxy, &err), -1);
    assert_int_equal(proxy_parse("http://me:%4@p", &arena, &proxy, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(kube_config_load__sources__in_order, clear_environment),
        cmocka_unit_test_setup(kube_config_load__several_files__first_wins, clear_environment),
        cmocka_unit_test_setup(kube_config_load__in_a_pod__table, clear_environment),
        cmocka_unit_test_setup(kube_config_load__proxy_of_the_environment__table, clear_environment),
        cmocka_unit_test_setup(proxy_parse__user_and_password__are_decoded, clear_environment),
    };

    return cmocka_run_group_tests(tests, make_fixture, remove_fixture);
}
