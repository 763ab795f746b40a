#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/memory.h"
#include "config_parts.h"
#include "pem.h"
#include "secrets.h"

#define POD_DIRECTORY "/var/run/secrets/kubernetes.io/serviceaccount"

static bool given(const char *text)
{
    return text && *text;
}

/* Namespaces go into URLs: a DNS label or nothing. */
static bool is_namespace(const char *text)
{
    size_t length = strlen(text);

    return length && length <= 63 && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' &&
           text[0] != '-' && text[length - 1] != '-';
}

static const char *sources(const struct kubeconfig *files)
{
    auto_strbuf struct strbuf text = { .maximum = STRBUF_MAX_TEXT };

    for (size_t i = 0; i < files->count; i++)
        strbuf_addf(&text, "%s%s", i ? ", " : "", files->files[i].path);
    return arena_strdup(files->arena, strbuf_text(&text));
}

/* Finds what a context names; `field` is "cluster" or "user". */
static int find_named(const struct kubeconfig *files,
                      const struct kubeconfig_entry *context,
                      enum kubeconfig_list list,
                      const char *field,
                      const char *name,
                      struct kubeconfig_entry *ret,
                      struct error *err)
{
    if (!given(name))
        return kubeconfig_fail(context, field, err, "is missing");
    if (!kubeconfig_find(files, list, name, ret))
        return kubeconfig_fail(
            context, field, err, "there is no %s '%s', only: %s", field, name, kubeconfig_names(files, list));
    return 0;
}

static int take_context(const struct kubeconfig *files,
                        const struct kubeconfig_entry *entry,
                        struct kube_config *config,
                        struct error *err)
{
    const struct kubeconfig_context *context = entry->value;
    struct kubeconfig_entry cluster, user;

    if (find_named(files, entry, KUBECONFIG_CLUSTERS, "cluster", context->cluster, &cluster, err) < 0 ||
        find_named(files, entry, KUBECONFIG_USERS, "user", context->user, &user, err) < 0)
        return -1;
    config->namespace = given(context->namespace) ? context->namespace : "default";
    if (!is_namespace(config->namespace))
        return kubeconfig_fail(entry, "namespace", err, "is not the name of a namespace (a-z, 0-9, -)");
    if (config_take_cluster(&cluster, config, err) < 0)
        return -1;
    return config_take_user(&user, &cluster, config, err);
}

/* Takes what the merged files say for the context asked for, or the current one. */
static int take_files(const struct kubeconfig *files,
                      const char *context,
                      struct kube_config *config,
                      struct error *err)
{
    const char *name = given(context) ? context : kubeconfig_current_context(files);
    const char *known = kubeconfig_names(files, KUBECONFIG_CONTEXTS);
    struct kubeconfig_entry entry;

    config->source = sources(files);
    if (!*known)
        return error_set(err, ERROR_INVALID, "%s: has no contexts: is it a kubeconfig?", config->source);
    if (!name)
        return error_set(
            err, ERROR_INVALID, "%s: has no current-context: pass --context, one of: %s", config->source, known);
    if (!kubeconfig_find(files, KUBECONFIG_CONTEXTS, name, &entry))
        return error_set(err, ERROR_INVALID, "%s: has no context '%.100s', only: %s", config->source, name, known);
    config->context = arena_strdup(&config->arena, name);
    return take_context(files, &entry, config, err);
}

static int load_file(const char *path, const char *context, struct kube_config *config, struct error *err)
{
    auto_kubeconfig struct kubeconfig files = { .arena = &config->arena };

    if (kubeconfig_add(&files, path, err) < 0)
        return -1;
    return take_files(&files, context, config, err);
}

/* $KUBECONFIG */
static int load_list(const char *paths, const char *context, struct kube_config *config, struct error *err)
{
    auto_kubeconfig struct kubeconfig files = { .arena = &config->arena };

    for (const char *path = paths, *end;; path = end + 1) {
        end = path + strcspn(path, ":");
        if (end > path && kubeconfig_add(&files, arena_strndup(&config->arena, path, (size_t)(end - path)), err) < 0 &&
            err->kind != ERROR_NOT_FOUND)
            return -1;
        if (!*end)
            break;
    }
    if (!files.count)
        return error_set(err, ERROR_NOT_FOUND, "$KUBECONFIG: none of these files is there: %s", paths);
    return take_files(&files, context, config, err);
}

static const char *pod_path(struct arena *arena, const char *root, const char *name)
{
    return arena_printf(arena, "%s" POD_DIRECTORY "/%s", root ? root : "", name);
}

static bool pod_has_variables(void)
{
    return given(getenv("KUBERNETES_SERVICE_HOST")) && given(getenv("KUBERNETES_SERVICE_PORT"));
}

static int take_pod_namespace(const char *path, struct kube_config *config, struct error *err)
{
    auto_strbuf struct strbuf text = { .maximum = 256 };
    char *name;

    config->namespace = "default";
    if (file_read(path, &text, err) < 0)
        return err->kind == ERROR_NOT_FOUND ? 0 : -1;
    name = arena_strdup(&config->arena, strbuf_text(&text));
    name[strcspn(name, " \r\n")] = '\0';
    if (!is_namespace(name))
        return error_set(err, ERROR_INVALID, "%s: is not the name of a namespace", path);
    config->namespace = name;
    return 0;
}

/* Without a CA in the pod the system's bundle must do; client-go only warns too. */
static int take_pod_ca(const char *path, struct kube_config *config, struct error *err)
{
    auto_free char *text = NULL;

    if (secret_read_pem(path, &text, err) < 0) {
        if (err->kind != ERROR_NOT_FOUND)
            return -1;
        config->warning = arena_printf(&config->arena, "%s is missing: trusting the system's certificates", path);
        return 0;
    }
    if (pem_check_bundle(text, err) < 0)
        return error_wrap(err, "%s", path);
    config->ca = arena_strdup(&config->arena, text);
    config->ca_file = path;
    return 0;
}

static int take_pod_server(struct kube_config *config, struct error *err)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    bool ipv6 = strchr(host, ':');

    if (config_set_server(
            arena_printf(&config->arena, ipv6 ? "https://[%s]:%s" : "https://%s:%s", host, port), config, err) < 0)
        return error_wrap(err, "$KUBERNETES_SERVICE_HOST and _PORT");
    /* libwebsockets cannot match an IPv6 address in a certificate; this name is in every API server's. */
    config->tls_server_name = ipv6 ? "kubernetes.default.svc" : NULL;
    return 0;
}

static int load_pod(const char *root, struct kube_config *config, struct error *err)
{
    struct arena *arena = &config->arena;
    auto_free char *token = NULL;

    config->source = "in-cluster";
    config->token_file = pod_path(arena, root, "token");
    if (secret_read_token(config->token_file, &token, err) < 0)
        return -1;
    config->token = arena_strdup(arena, token);
    if (take_pod_server(config, err) < 0 || take_pod_ca(pod_path(arena, root, "ca.crt"), config, err) < 0)
        return -1;
    return take_pod_namespace(pod_path(arena, root, "namespace"), config, err);
}

static int load_home(const char *context, struct kube_config *config, struct error *err)
{
    const char *home = getenv("HOME");
    const char *path = arena_printf(&config->arena, "%s/.kube/config", given(home) ? home : "");

    if (load_file(path, context, config, err) == 0)
        return 0;
    if (err->kind != ERROR_NOT_FOUND || access(path, F_OK) == 0)
        return -1;
    if (pod_has_variables())
        return error_set(err,
                         ERROR_NOT_FOUND,
                         "in a pod, but without its token in " POD_DIRECTORY
                         ": set automountServiceAccountToken: true, or pass --kubeconfig");
    return error_set(err, ERROR_NOT_FOUND, "no kubeconfig: pass --kubeconfig, set $KUBECONFIG or write %s", path);
}

static int load(const struct kube_config_options *options, struct kube_config *config, struct error *err)
{
    const char *listed = getenv("KUBECONFIG");

    if (given(options->kubeconfig))
        return load_file(options->kubeconfig, options->context, config, err);
    if (given(listed))
        return load_list(listed, options->context, config, err);
    if (!given(options->context) && pod_has_variables() &&
        access(pod_path(&config->arena, options->root, "token"), F_OK) == 0)
        return load_pod(options->root, config, err);
    return load_home(options->context, config, err);
}

int kube_config_load(const struct kube_config_options *options, struct kube_config *ret, struct error *err)
{
    struct kube_config config = { 0 };

    if (load(options, &config, err) < 0) {
        kube_config_finish(&config);
        return -1;
    }
    *ret = config;
    return 0;
}

void kube_config_finish(struct kube_config *config)
{
    if (!config)
        return;
    arena_finish(&config->arena);
    *config = (struct kube_config){ 0 };
}
