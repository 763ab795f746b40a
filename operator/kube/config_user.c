#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../base/base64.h"
#include "../base/jb.h"
#include "../base/memory.h"
#include "config_parts.h"
#include "pem.h"
#include "secrets.h"

enum { MAX_IMPERSONATION = 1000 };

static bool given(const char *text)
{
    return text && *text;
}

/* The server says no more than 401 to it. No reason to end: a file may be replaced, and whose clock is right? */
static void warn_of_expiry(const struct kubeconfig_entry *entry, struct kube_config *config)
{
    const char *field = config->certificate_file ? "client-certificate" : "client-certificate-data";
    struct error warning;
    char end[32];

    if (!pem_has_expired(config->certificate, end))
        return;
    kubeconfig_fail(entry, field, &warning, "has expired on %s: renew it", end);
    config->warning = arena_strdup(&config->arena, warning.message);
}

static int take_certificate(const struct kubeconfig_entry *entry, struct kube_config *config, struct error *err)
{
    const struct kubeconfig_user *user = entry->value;
    struct arena *arena = &config->arena;

    if (config_read_pem(entry,
                        "client-certificate",
                        user->certificate_data,
                        user->certificate_file,
                        arena,
                        &config->certificate,
                        &config->certificate_file,
                        err) < 0)
        return -1;
    if (config_read_pem(
            entry, "client-key", user->key_data, user->key_file, arena, &config->key, &config->key_file, err) < 0)
        return -1;
    if (!config->certificate && !config->key)
        return 0;
    if (!config->key)
        return kubeconfig_fail(entry, "client-key", err, "is missing beside client-certificate");
    if (!config->certificate)
        return kubeconfig_fail(entry, "client-certificate", err, "is missing beside client-key");
    if (pem_check_pair(config->certificate, config->key, err) < 0)
        return kubeconfig_wrap(entry, NULL, err);
    warn_of_expiry(entry, config);
    return 0;
}

/* tokenFile wins over token, as in client-go. */
static int take_token(const struct kubeconfig_entry *entry, struct kube_config *config, struct error *err)
{
    const struct kubeconfig_user *user = entry->value;
    auto_free char *token = NULL;

    config->token_file = kubeconfig_resolve_path(&config->arena, entry, user->token_file);
    if (config->token_file) {
        if (secret_read_token(config->token_file, &token, err) < 0)
            return kubeconfig_wrap(entry, "tokenFile", err);
        config->token = arena_strdup(&config->arena, token);
        return 0;
    }
    if (!given(user->token))
        return 0;
    if (secret_check_header(user->token, err) < 0)
        return kubeconfig_wrap(entry, "token", err);
    config->token = user->token;
    return 0;
}

static int take_basic(const struct kubeconfig_entry *entry, struct kube_config *config, struct error *err)
{
    const struct kubeconfig_user *user = entry->value;
    auto_strbuf struct strbuf plain = { .maximum = KUBE_MAX_HEADER / 2 }, encoded = { 0 };

    if (!given(user->username) && !given(user->password))
        return 0;
    if (config->token)
        return kubeconfig_fail(entry, "username", err, "conflicts with the token: keep one way to log in");
    if (!given(user->username))
        return kubeconfig_fail(entry, "username", err, "is missing beside password");
    if (strchr(user->username, ':'))
        return kubeconfig_fail(entry, "username", err, "must not hold a colon");
    strbuf_addf(&plain, "%s:%s", user->username, user->password ? user->password : "");
    if (plain.overflow)
        return kubeconfig_fail(entry, "password", err, "is too long");
    base64_encode(plain.data, plain.length, &encoded);
    config->basic = arena_strdup(&config->arena, strbuf_text(&encoded));
    return 0;
}

static int add_header(const struct kubeconfig_entry *entry,
                      const char *field,
                      struct http_header header,
                      struct kube_config *config,
                      struct error *err)
{
    struct http_header *list = (struct http_header *)config->impersonation;

    if (secret_check_header(header.value, err) < 0)
        return kubeconfig_wrap(entry, field, err);
    if (config->impersonation_count == MAX_IMPERSONATION)
        return kubeconfig_fail(entry, field, err, "too many: at most %d", MAX_IMPERSONATION);
    list[config->impersonation_count++] = header;
    return 0;
}

/* Impersonate-Extra-<key>: the key escaped to what a header name may hold, as in client-go. */
static const char *extra_name(struct arena *arena, const char *key)
{
    auto_strbuf struct strbuf name = { .maximum = STRBUF_MAX_TEXT };

    strbuf_adds(&name, "Impersonate-Extra-");
    for (; *key; key++) {
        if (isalnum((unsigned char)*key) || strchr("!#$&'*+-.^_`|~", *key))
            strbuf_addc(&name, *key);
        else
            strbuf_addf(&name, "%%%02X", (unsigned char)*key);
    }
    return name.overflow ? NULL : arena_strdup(arena, strbuf_text(&name));
}

static int take_extra(const struct kubeconfig_entry *entry,
                      const char *key,
                      const json_t *values,
                      struct kube_config *config,
                      struct error *err)
{
    const char *name = extra_name(&config->arena, key);

    if (!name || !json_is_array(values))
        return kubeconfig_fail(entry, "as-user-extra", err, "must map short keys to lists of strings");
    for (size_t i = 0; i < json_array_size(values); i++) {
        const char *value = json_string_value(json_array_get(values, i));

        if (!value)
            return kubeconfig_fail(entry, "as-user-extra", err, "must map keys to lists of strings");
        value = arena_strdup(&config->arena, value);
        if (add_header(entry, "as-user-extra", (struct http_header){ name, value }, config, err) < 0)
            return -1;
    }
    return 0;
}

static int take_extras(const struct kubeconfig_entry *entry, struct kube_config *config, struct error *err)
{
    const struct kubeconfig_user *user = entry->value;
    json_auto_t *extras = NULL;
    const char *key;
    json_t *values;

    if (!user->as_extra.data)
        return 0;
    if (jb_parse(user->as_extra, &extras, err) < 0)
        return kubeconfig_wrap(entry, "as-user-extra", err);
    if (!json_is_object(extras))
        return kubeconfig_fail(entry, "as-user-extra", err, "must map keys to lists of strings");
    json_object_foreach(extras, key, values)
        if (take_extra(entry, key, values, config, err) < 0)
            return -1;
    return 0;
}

static int take_impersonation(const struct kubeconfig_entry *entry, struct kube_config *config, struct error *err)
{
    const struct kubeconfig_user *user = entry->value;

    if (!given(user->as)) {
        if (given(user->as_uid) || user->as_groups_count || user->as_extra.data)
            return kubeconfig_fail(entry, "as", err, "is missing: as-uid, as-groups and as-user-extra need it");
        return 0;
    }
    config->impersonation = arena_alloc(&config->arena, MAX_IMPERSONATION * sizeof(*config->impersonation));
    if (add_header(entry, "as", (struct http_header){ "Impersonate-User", user->as }, config, err) < 0)
        return -1;
    if (given(user->as_uid) &&
        add_header(entry, "as-uid", (struct http_header){ "Impersonate-Uid", user->as_uid }, config, err) < 0)
        return -1;
    for (size_t i = 0; i < user->as_groups_count; i++)
        if (add_header(
                entry, "as-groups", (struct http_header){ "Impersonate-Group", user->as_groups[i] }, config, err) < 0)
            return -1;
    return take_extras(entry, config, err);
}

int config_take_user(const struct kubeconfig_entry *entry,
                     const struct kubeconfig_entry *cluster,
                     struct kube_config *config,
                     struct error *err)
{
    const struct kubeconfig_user *user = entry->value;

    if (user->auth_provider)
        return kubeconfig_fail(entry,
                               "auth-provider",
                               err,
                               "'%.60s': auth providers are not supported: use its exec plugin",
                               user->auth_provider->name ? user->auth_provider->name : "");
    if (take_certificate(entry, config, err) < 0 || take_token(entry, config, err) < 0 ||
        take_basic(entry, config, err) < 0 || take_impersonation(entry, config, err) < 0)
        return -1;
    if (!user->exec || config->token || config->basic || config->certificate)
        return 0;
    return config_take_exec(entry, cluster, config, err);
}
