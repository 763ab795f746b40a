/* Every field of a kubeconfig: what it does, or the message that refuses it. */
#define _GNU_SOURCE /* nftw */
#include "../../operator/kube/config.h"
#include "kube_fixture.h"

#define SECRET "hunter2"

struct row {
    const char *cluster; /* lines under clusters[0].cluster, after server */
    const char *user;    /* lines under users[0].user */
    const char *context; /* lines under contexts[0].context */
    const char *want;    /* part of what `describe` says, or of the message */
};

static void write_config(const char *server, const struct row *row)
{
    auto_strbuf struct strbuf text = { 0 };

    strbuf_adds(&text, "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: k\n  cluster:\n");
    strbuf_addf(&text, "    server: %s\n", server);
    add_expanded(&text, row->cluster);
    strbuf_adds(&text, "users:\n- name: u\n  user:\n    ignored: true\n");
    add_expanded(&text, row->user);
    strbuf_adds(&text, "contexts:\n- name: c\n  context:\n    cluster: k\n    user: u\n");
    add_expanded(&text, row->context);
    write_file("config", text.data);
}

static const char *sample_name(const char *pem)
{
    return !pem                                    ? "-"
           : strcmp(pem, certificate_a) == 0       ? "cert_a"
           : strcmp(pem, certificate_b) == 0       ? "cert_b"
           : strcmp(pem, key_a) == 0               ? "key_a"
           : strcmp(pem, key_b) == 0               ? "key_b"
           : strncmp(pem, certificate_a, 500) == 0 ? "bundle"
                                                   : "?";
}

/* All that is not at its default, as one text. */
static void describe(const struct kube_config *config, struct strbuf *out)
{
    strbuf_addf(out, "url=%s ns=%s", config->server.url, config->namespace);
    if (config->ca || config->ca_file)
        strbuf_addf(out, " ca=%s%s", sample_name(config->ca), config->ca_file ? "(file)" : "");
    if (config->insecure)
        strbuf_adds(out, " insecure");
    if (config->tls_server_name)
        strbuf_addf(out, " sni=%s", config->tls_server_name);
    if (config->disable_compression)
        strbuf_adds(out, " uncompressed");
    if (config->proxy.host)
        strbuf_addf(out, " proxy=%s", config->proxy.url);
    if (config->certificate)
        strbuf_addf(out, " cert=%s%s", sample_name(config->certificate), config->certificate_file ? "(file)" : "");
    if (config->key)
        strbuf_addf(out, " key=%s%s", sample_name(config->key), config->key_file ? "(file)" : "");
    if (config->token)
        strbuf_addf(out, " token=%s%s", config->token, config->token_file ? "(file)" : "");
    if (config->basic)
        strbuf_addf(out, " basic=%s", config->basic);
    for (size_t i = 0; i < config->impersonation_count; i++)
        strbuf_addf(out, " %s=%s", config->impersonation[i].name, config->impersonation[i].value);
    for (size_t i = 0; config->exec && config->exec->arguments[i]; i++)
        strbuf_addf(out, " %s%s", i ? "" : "exec=", config->exec->arguments[i]);
    for (size_t i = 0; config->exec && config->exec->environment[i]; i++)
        strbuf_addf(out, " env:%s", config->exec->environment[i]);
}

static int load(struct kube_config *ret, struct error *err)
{
    return kube_config_load(&(struct kube_config_options){ .kubeconfig = in_folder("config") }, ret, err);
}

static void check_works(const char *server, const struct row *row)
{
    auto_strbuf struct strbuf text = { 0 };
    struct kube_config config;
    struct error err;

    write_config(server, row);
    if (load(&config, &err) < 0)
        fail_msg("%s%s%s: %s", row->cluster, row->user, row->context, err.message);
    describe(&config, &text);
    assert_contains(text.data, row->want);
    kube_config_finish(&config);
}

static void check_refused(const char *server, const struct row *row)
{
    struct kube_config config;
    struct error err;

    write_config(server, row);
    if (load(&config, &err) == 0)
        fail_msg("%s%s%s: not refused", row->cluster, row->user, row->context);
    assert_contains(err.message, row->want);
    assert_contains(err.message, folder);
    if (strstr(err.message, SECRET))
        fail_msg("a secret in '%s'", err.message);
}

static const struct row good_rows[] = {
    { "", "", "", "url=https://h:6443 ns=default" },
    { "", "", "    namespace: team-1\n", "ns=team-1" },
    { "    certificate-authority-data: @cert_a@\n", "", "", " ca=cert_a" },
    { "    certificate-authority: ca.crt\n", "", "", " ca=cert_a(file)" },
    { "    certificate-authority: nowhere\n    certificate-authority-data: @cert_b@\n", "", "", " ca=cert_b" },
    { "    insecure-skip-tls-verify: true\n", "", "", " insecure" },
    { "    certificate-authority: ca.crt\n    insecure-skip-tls-verify: false\n", "", "", " ca=cert_a(file)" },
    { "    tls-server-name: kubernetes\n", "", "", " sni=kubernetes" },
    { "    disable-compression: true\n", "", "", " uncompressed" },
    { "    proxy-url: http://p:3128\n", "", "", " proxy=http://p:3128" },
    { "    proxy-url: https://user:" SECRET "@p\n", "", "", " proxy=https://p:443" },
    { "    proxy-url: socks5://[::1]:9\n", "", "", " proxy=socks5h://[::1]:9" },
    { "    extensions:\n    - {name: other, extension: {a: 1}}\n    unknown: [1]\n", "", "", "ns=default" },
    { "", "    token: abc\n", "", " token=abc" },
    { "", "    tokenFile: token\n", "", " token=file-token(file)" },
    { "", "    token: abc\n    tokenFile: token\n", "", " token=file-token(file)" },
    { "", "    client-certificate-data: @cert_a@\n    client-key-data: @key_a@\n", "", " cert=cert_a key=key_a" },
    { "",
      "    client-certificate: client.crt\n    client-key: ./client.key\n",
      "",
      " cert=cert_b(file) key=key_b(file)" },
    { "", "    client-certificate: client.crt\n    client-key-data: @key_b@\n", "", " cert=cert_b(file) key=key_b" },
    { "", "    username: me\n    password: pass\n", "", " basic=bWU6cGFzcw==" },
    { "", "    username: me\n", "", " basic=bWU6" },
    { "", "    as: jane\n", "", " Impersonate-User=jane" },
    { "",
      "    as: jane\n    as-uid: u1\n    as-groups: [a, b]\n    as-user-extra: {Sco/pe: [x, z]}\n",
      "",
      " Impersonate-User=jane Impersonate-Uid=u1 Impersonate-Group=a Impersonate-Group=b"
      " Impersonate-Extra-Sco%2Fpe=x Impersonate-Extra-Sco%2Fpe=z" },
    { "", "    as-groups: []\n    as-user-extra: null\n    auth-provider: null\n    exec: null\n", "", "ns=default" },
    { "",
      "    exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: get-token, args: [a, b]}\n",
      "",
      " exec=get-token a b env:KUBERNETES_EXEC_INFO={\"kind\":\"ExecCredential\",\"apiVersion\":"
      "\"client.authentication.k8s.io/v1beta1\",\"spec\":{\"interactive\":false}}" },
    { "",
      "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: x\n      interactiveMode: "
      "Never\n"
      "      env: [{name: A, value: \"1\"}, {name: B}]\n",
      "",
      " exec=x env:A=1 env:B= env:KUBERNETES" },
    { "    tls-server-name: sni\n    certificate-authority-data: @cert_a@\n    proxy-url: http://p\n"
      "    extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: z}}]\n",
      "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: x\n      provideClusterInfo: "
      "true\n"
      "      interactiveMode: IfAvailable\n",
      "",
      "\"proxy-url\":\"http://p\",\"config\":{\"audience\":\"z\"}},\"interactive\":false}}" },
    { "",
      "    token: abc\n    exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x}\n",
      "",
      "ns=default token=abc" },
};

static void kube_config_load__good_fields__work(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good_rows); i++)
        check_works("https://h:6443", &good_rows[i]);
}

static const struct row bad_rows[] = {
    { "", "", "    namespace: Team_1\n", "config:17: contexts[0].context.namespace: is not the name of a namespace" },
    { "    certificate-authority-data: " SECRET "!\n",
      "",
      "",
      "clusters[0].cluster.certificate-authority-data: is not base64" },
    { "    certificate-authority-data: aHVudGVyMg==\n",
      "",
      "",
      "config:8: clusters[0].cluster.certificate-authority-data: is not in PEM" },
    { "    certificate-authority-data: @key_a@\n", "", "", "has no certificate in it" },
    { "    certificate-authority: nowhere\n", "", "", "certificate-authority: " },
    { "    certificate-authority: home\n", "", "", "home: is not a file" },
    { "    certificate-authority: token\n", "", "", "certificate-authority: is not in PEM form" },
    { "    certificate-authority: ca.crt\n    insecure-skip-tls-verify: true\n",
      "",
      "",
      "config:9: clusters[0].cluster.insecure-skip-tls-verify: conflicts with certificate-authority: remove one" },
    { "    insecure-skip-tls-verify: \"yes\"\n", "", "", "insecure-skip-tls-verify: expected" },
    { "    proxy-url: ftp://u:" SECRET "@p\n",
      "",
      "",
      "config:8: clusters[0].cluster.proxy-url: unknown scheme: must be http, https or socks5" },
    { "    proxy-url: u:" SECRET "@p\n", "", "", "proxy-url: must start with a scheme" },
    { "", "    token: \"" SECRET "\\nX: y\"\n", "", "config:12: users[0].user.token: has a line break" },
    { "", "    token: 1234\n", "", "config:12: users[0].user.token: expected a string" },
    { "", "    token: *" SECRET "\n", "", "config:12:12: an alias" },
    { "", "    token: !" SECRET " x\n", "", "config:12:12: a tag" },
    { "", "    token: a\n    token: " SECRET "\n", "", "config:13:5: the key 'token' is there twice" },
    { "", "    token: \"" SECRET "\n", "", "config:" },
    { "", "    tokenFile: nowhere\n", "", "nowhere: cannot be read: No such file" },
    { "", "    tokenFile: empty\n", "", "empty: the token in it: is empty" },
    { "", "    tokenFile: ca.crt\n", "", "ca.crt: the token in it: has a line break" },
    { "", "    client-certificate-data: @cert_a@\n", "", "users[0].user.client-key: is missing" },
    { "", "    client-key-data: @key_a@\n", "", "users[0].user.client-certificate: is missing" },
    { "",
      "    client-certificate-data: @cert_a@\n    client-key-data: @key_b@\n",
      "",
      "users[0].user: the client certificate and the client key do not belong" },
    { "",
      "    client-certificate-data: @key_a@\n    client-key-data: @key_a@\n",
      "",
      "certificate is not a certificate in PEM form" },
    { "",
      "    client-certificate-data: @cert_a@\n    client-key-data: @cert_a@\n",
      "",
      "the client key is not a private key" },
    { "",
      "    client-certificate-data: @cert_a@\n    client-key-data: @locked_key@\n",
      "",
      "the client key is encrypted" },
    { "", "    token: a\n    username: b\n", "", "conflicts with the token" },
    { "", "    password: " SECRET "\n", "", "users[0].user.username: is missing beside password" },
    { "", "    username: a:b\n", "", "must not hold a colon" },
    { "", "    as-groups: [a]\n", "", "users[0].user.as: is missing" },
    { "", "    as: \"a\\r\"\n", "", "users[0].user.as: has a line break" },
    { "", "    as: a\n    as-user-extra: {x: y}\n", "", "config:13: users[0].user.as-user-extra: must map" },
    { "",
      "    auth-provider: {name: gcp, config: {access-token: " SECRET "}}\n",
      "",
      "'gcp': auth providers are not supported: use its exec plugin" },
    { "", "    exec: {command: x}\n", "", "exec.apiVersion: is missing" },
    { "",
      "    exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}\n",
      "",
      "v1alpha1' is not supported" },
    { "", "    exec: {apiVersion: client.authentication.k8s.io/v1}\n", "", "exec.command: is missing" },
    { "",
      "    exec: {apiVersion: client.authentication.k8s.io/v1, command: x}\n",
      "",
      "exec.interactiveMode: is missing" },
    { "",
      "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: x\n      interactiveMode: "
      "Always\n",
      "",
      "config:15: users[0].user.exec.interactiveMode: is Always, but an operator has no terminal" },
    { "",
      "    exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Maybe}\n",
      "",
      "must be Never" },
    { "",
      "    exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x, env: [{value: a}]}\n",
      "",
      "exec.env: " },
};

static void kube_config_load__bad_fields__are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++)
        check_refused("https://h:6443", &bad_rows[i]);
}

static void kube_config_load__server__table(void **state)
{
    static const struct {
        const char *server, *url, *authority;
    } good[] = {
        { "https://h", "https://h:443", "h:443" },
        { "https://H.Example.com:6443/", "https://h.example.com:6443", "h.example.com:6443" },
        { "https://rancher/k8s/clusters/c-1/", "https://rancher:443/k8s/clusters/c-1", "rancher:443" },
        { "https://[::1]:6443/x", "https://[::1]:6443/x", "[::1]:6443" },
        { "https://[fe80::1%25eth0]", "https://[fe80::1%25eth0]:443", "[fe80::1%25eth0]:443" },
        { "http://127.0.0.1:8001", "http://127.0.0.1:8001", "127.0.0.1:8001" },
    };
    static const struct row refused[] = {
        { "''", "", "", "config:7: clusters[0].cluster.server: is missing" },
        { "h:6443", "", "", "config:7: clusters[0].cluster.server: must start with a scheme" },
        { "ftp://h", "", "", "unknown scheme: must be https" },
        { "https://", "", "", "has no host" },
        { "https://:6443", "", "", "has no host" },
        { "https://h:0", "", "", "the port is not a number" },
        { "https://h:65536", "", "", "the port is not a number" },
        { "https://h:6443x", "", "", "the port is not a number" },
        { "https://::1:6443", "", "", "an IPv6 address must be in brackets" },
        { "https://[::1", "", "", "a bracket is not closed" },
        { "https://[::1]x", "", "", "between the bracket and the port" },
        { "https://[1.2.3.4]", "", "", "not an IPv6 address" },
        { "https://me:" SECRET "@h", "", "", "must not hold a user" },
        { "https://h/?a=" SECRET, "", "", "query or fragment" },
        { "https://h/a b", "", "", "spaces" },
        { "https://h%41", "", "", "characters that no host name has" },
    };
    struct kube_config config;
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        write_config(good[i].server, &(struct row){ "", "", "", NULL });
        if (load(&config, &err) < 0)
            fail_msg("%s", err.message);
        assert_string_equal(config.server.url, good[i].url);
        assert_string_equal(config.server.authority, good[i].authority);
        assert_int_equal(config.server.tls, strncmp(good[i].server, "https", 5) == 0);
        kube_config_finish(&config);
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        check_refused(refused[i].cluster, &(struct row){ "", "", "", refused[i].want });
}

static void kube_config_load__bundle_of_several__is_kept_whole(void **state)
{
    auto_strbuf struct strbuf bundle = { 0 };
    struct kube_config config;
    struct error err;

    (void)state;
    strbuf_addf(&bundle, "%s# a comment\n%s", certificate_a, certificate_b);
    write_file("bundle.crt", bundle.data);
    write_config("https://h", &(struct row){ "    certificate-authority: bundle.crt\n", "", "", NULL });
    assert_int_equal(load(&config, &err), 0);
    assert_string_equal(config.ca, bundle.data);
    kube_config_finish(&config);
    strbuf_addf(&bundle, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    write_file("bundle.crt", bundle.data);
    assert_int_equal(load(&config, &err), -1);
    assert_contains(err.message, "certificate-authority: has a certificate that is damaged");
}

static void kube_config_load__expired_certificate__is_warned_of(void **state)
{
    static const char old[] = "    client-certificate-data: @cert_old@\n    client-key-data: @key_a@\n",
                      good[] = "    client-certificate-data: @cert_a@\n    client-key-data: @key_a@\n";
    struct kube_config config;
    struct error err;

    (void)state;
    write_config("https://h", &(struct row){ "", old, "", NULL });
    assert_int_equal(load(&config, &err), 0);
    assert_contains(config.warning, "users[0].user.client-certificate-data: has expired on ");
    assert_contains(config.warning, " 2002 GMT: renew it");
    kube_config_finish(&config);
    write_config("https://h", &(struct row){ "", good, "", NULL });
    assert_int_equal(load(&config, &err), 0);
    assert_null(config.warning);
    kube_config_finish(&config);
}

static void kube_config_load__other_files__are_refused(void **state)
{
    static const char *const cases[][2] = {
        { "", "config: has no contexts: is it a kubeconfig?" },
        { "- a\n", "config: is not a kubeconfig: its top is not a mapping" },
        { "kind: Pod\nmetadata: {}\n", "config:1: kind: is 'Pod', so this is no kubeconfig" },
        { "a: 1\n---\nb: 1\n", "config: has several documents" },
        { "contexts:\n- name: a\n- name: b\n", "config: has no current-context: pass --context, one of: a, b" },
        { "current-context: x\ncontexts:\n- name: a\n", "config: has no context 'x', only: a" },
        { "current-context: a\ncontexts:\n- name: a\n", "config:3: contexts[0].context.cluster: is missing" },
        { "current-context: a\ncontexts:\n- name: a\n  context: {cluster: k, user: u}\n",
          "config:4: contexts[0].context.cluster: there is no cluster 'k', only: " },
        { "contexts:\n- name: a\n- name: a\n", "config:3: contexts[1].name: 'a' is there twice" },
        { "contexts: {}\n", "config:1: contexts: expected an array" },
        { "users: [{name: u, user: [x]}]\n", "config:1: users[0].user: expected an object" },
        { "current-context: \"x\\nlevel=error\"\ncontexts: [{name: a}]\n", "has no context 'x level=error', only: a" },
        { "a: [\n", "config:2:1: did not find expected node content" },
    };
    struct kube_config config;
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        write_file("config", cases[i][0]);
        assert_int_equal(load(&config, &err), -1);
        assert_contains(err.message, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(kube_config_load__good_fields__work, clear_environment),
        cmocka_unit_test_setup(kube_config_load__bad_fields__are_refused, clear_environment),
        cmocka_unit_test_setup(kube_config_load__server__table, clear_environment),
        cmocka_unit_test_setup(kube_config_load__bundle_of_several__is_kept_whole, clear_environment),
        cmocka_unit_test_setup(kube_config_load__expired_certificate__is_warned_of, clear_environment),
        cmocka_unit_test_setup(kube_config_load__other_files__are_refused, clear_environment),
    };

    return cmocka_run_group_tests(tests, make_fixture, remove_fixture);
}
