#include <stdlib.h>
#include <string.h>

#include "../base/base64.h"
#include "../base/memory.h"
#include "config_parts.h"
#include "pem.h"
#include "secrets.h"

static bool given(const char *text)
{
    return text && *text;
}

static int decode_pem(const char *data, struct arena *arena, const char **ret, struct error *err)
{
    auto_strbuf struct strbuf text = { .maximum = KUBE_MAX_PEM };

    if (!base64_decode(data, &text))
        return error_set(err, ERROR_INVALID, "is not base64");
    if (text.overflow)
        return error_set(err, ERROR_INVALID, "is larger than %d bytes", KUBE_MAX_PEM);
    if (strlen(strbuf_text(&text)) != text.length)
        return error_set(err, ERROR_INVALID, "is not text in base64");
    *ret = arena_strdup(arena, strbuf_text(&text));
    return 0;
}

int config_read_pem(const struct kubeconfig_entry *entry,
                    const char *field,
                    const char *data,
                    const char *path,
                    struct arena *arena,
                    const char **ret_text,
                    const char **ret_file,
                    struct error *err)
{
    auto_free char *text = NULL;

    if (given(data)) {
        if (decode_pem(data, arena, ret_text, err) < 0)
            return kubeconfig_wrap(entry, arena_printf(arena, "%s-data", field), err);
        return 0;
    }
    if (!given(path))
        return 0;
    path = kubeconfig_resolve_path(arena, entry, path);
    if (secret_read_pem(path, &text, err) < 0)
        return kubeconfig_wrap(entry, field, err);
    *ret_text = arena_strdup(arena, text);
    *ret_file = path;
    return 0;
}

int config_set_server(const char *text, struct kube_config *config, struct error *err)
{
    struct arena *arena = &config->arena;
    struct kube_server *server = &config->server;
    struct url url;

    if (url_parse(text, arena, &url, err) < 0)
        return -1;
    server->tls = strcmp(url.scheme, "https") == 0;
    if (!server->tls && strcmp(url.scheme, "http") != 0)
        return error_set(err, ERROR_INVALID, "unknown scheme: must be https (or http)");
    if (url.user)
        return error_set(err, ERROR_INVALID, "must not hold a user: put it under users");
    url.port = url.port ? url.port : server->tls ? 443 : 80;
    server->host = url.host;
    server->ipv6 = url.ipv6;
    server->port = url.port;
    server->prefix = url.path;
    server->authority = url_authority(arena, &url);
    server->url = arena_printf(arena, "%s://%s%s", url.scheme, server->authority, url.path);
    return config->proxy.host ? 0 : proxy_from_environment(&url, arena, &config->proxy, err);
}

static int take_ca(const struct kubeconfig_entry *entry, struct kube_config *config, struct error *err)
{
    const struct kubeconfig_cluster *cluster = entry->value;

    if (config_read_pem(entry,
                        "certificate-authority",
                        cluster->ca_data,
                        cluster->ca_file,
                        &config->arena,
                        &config->ca,
                        &config->ca_file,
                        err) < 0)
        return -1;
    if (config->ca && cluster->insecure)
        return kubeconfig_fail(
            entry, "insecure-skip-tls-verify", err, "conflicts with certificate-authority: remove one of them");
    if (config->ca && pem_check_bundle(config->ca, err) < 0)
        return kubeconfig_wrap(
            entry, given(cluster->ca_data) ? "certificate-authority-data" : "certificate-authority", err);
    config->insecure = cluster->insecure;
    return 0;
}

int config_take_cluster(const struct kubeconfig_entry *entry, struct kube_config *config, struct error *err)
{
    const struct kubeconfig_cluster *cluster = entry->value;

    if (!given(cluster->server))
        return kubeconfig_fail(entry, "server", err, "is missing: write https://host:port");
    if (given(cluster->proxy_url) && proxy_parse(cluster->proxy_url, &config->arena, &config->proxy, err) < 0)
        return kubeconfig_wrap(entry, "proxy-url", err);
    if (config_set_server(cluster->server, config, err) < 0)
        return kubeconfig_wrap(entry, "server", err);
    if (given(cluster->tls_server_name))
        config->tls_server_name = cluster->tls_server_name;
    config->disable_compression = cluster->disable_compression;
    return take_ca(entry, config, err);
}
