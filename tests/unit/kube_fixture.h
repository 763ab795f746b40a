#pragma once
/* A folder with kubeconfigs, certificates and tokens, for the tests of operator/kube. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw; whoever includes other headers first defines it too */
#endif

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../operator/base/base64.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "../../operator/kube/credentials.h"
#include "pem_samples.h"
#include "unit.h"

static char folder[] = "/tmp/kitae-kube-XXXXXX";

/* A path in the folder; one of a few static buffers. */
static inline const char *in_folder(const char *name)
{
    static char paths[64][256];
    static unsigned next;
    char *path = paths[next++ % 64];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static inline void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static inline void write_script(const char *name, const char *text)
{
    write_file(name, text);
    assert_int_equal(chmod(in_folder(name), 0755), 0);
}

static inline void make_folder(const char *name)
{
    assert_int_equal(mkdir(in_folder(name), 0755), 0);
}

/* Appends text with @cert_a@ and its like replaced by base64. */
static inline void add_expanded(struct strbuf *out, const char *text)
{
    static const struct {
        const char *name, *value;
    } words[] = {
        { "@cert_a@", certificate_a },     { "@key_a@", key_a },
        { "@cert_b@", certificate_b },     { "@key_b@", key_b },
        { "@locked_key@", encrypted_key }, { "@cert_old@", certificate_expired },
    };

    while (*text) {
        size_t i = 0;

        while (i < ARRAY_SIZE(words) && strncmp(text, words[i].name, strlen(words[i].name)) != 0)
            i++;
        if (i == ARRAY_SIZE(words)) {
            strbuf_addc(out, *text++);
        } else {
            base64_encode(words[i].value, strlen(words[i].value), out);
            text += strlen(words[i].name);
        }
    }
}

static const char *const variables[] = {
    "KUBECONFIG",
    "HOME",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
};

/* Before each test: none of the variables that matter is set, HOME has no kubeconfig. */
static inline int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
        unsetenv(variables[i]);
    setenv("HOME", in_folder("home"), 1);
    return 0;
}

static inline int make_fixture(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file("ca.crt", certificate_a);
    write_file("client.crt", certificate_b);
    write_file("client.key", key_b);
    write_file("token", " file-token\n");
    write_file("empty", "\n");
    make_folder("home");
    make_folder("home/.kube");
    return 0;
}

static inline int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static inline int remove_fixture(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The start of a plugin, and of what it prints. */
#define HEAD       "#!/bin/sh\n"
#define CREDENTIAL "{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/v1\", \"status\": "

/* Loads a kubeconfig with these lines under its user. */
static inline struct kube_config load_user(const char *cluster, const char *user)
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

static inline struct kube_config load_plugin(const char *command, const char *more)
{
    auto_strbuf struct strbuf user = { 0 };

    strbuf_adds(&user, "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n");
    strbuf_addf(&user, "      command: %s\n%s", command, more);
    return load_user("", user.data);
}

static inline struct credentials *create(const struct kube_config *config, int64_t now_ms)
{
    struct credentials *credentials = NULL;
    struct error err;

    if (credentials_create(config, now_ms, &credentials, &err) < 0)
        fail_msg("%s", err.message);
    return credentials;
}

/* The headers as one text; static. */
static inline const char *headers_of(const struct credentials *credentials)
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
