#include "kubeconfig_file.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../base/fields.h"
#include "../base/file.h"
#include "../base/jb.h"
#include "../base/memory.h"

enum { MAX_ENTRIES = 2000 };

struct kubeconfig_named {
    const char *name;
    const void *value;
};

/* A file as its table fills it. */
struct document {
    const char *kind, *current_context;
    const struct kubeconfig_named *clusters, *users, *contexts;
    size_t clusters_count, users_count, contexts_count;
};

#define AT(owner, member)    .offset = offsetof(struct owner, member)
#define EXTRA(owner, member) .extra = offsetof(struct owner, member)
#define STRING(owner, key, member)                                                                                     \
    {                                                                                                                  \
        .name = key, .type = FIELD_STRING, AT(owner, member)                                                           \
    }
#define BOOL(owner, key, member)                                                                                       \
    {                                                                                                                  \
        .name = key, .type = FIELD_BOOL, AT(owner, member), EXTRA(owner, has_##member)                                 \
    }
#define RAW(owner, key, member)                                                                                        \
    {                                                                                                                  \
        .name = key, .type = FIELD_RAW, AT(owner, member)                                                              \
    }
#define OBJECT(owner, key, member, table)                                                                              \
    {                                                                                                                  \
        .name = key, .type = FIELD_OBJECT, AT(owner, member), .of = &(table)                                           \
    }
#define STRINGS(owner, key, member)                                                                                    \
    {                                                                                                                  \
        .name = key, .type = FIELD_STRINGS, .max = MAX_ENTRIES, AT(owner, member), EXTRA(owner, member##_count)        \
    }
#define LIST(owner, key, member, table)                                                                                \
    {                                                                                                                  \
        .name = key, .type = FIELD_LIST, .max = MAX_ENTRIES, AT(owner, member), EXTRA(owner, member##_count),          \
        .of = &(table)                                                                                                 \
    }
#define TABLE(fields, owner)                                                                                           \
    {                                                                                                                  \
        .list = (fields), .count = ARRAY_SIZE(fields), .size = sizeof(struct owner), .open = true                      \
    }

static const struct field extension_list[] = {
    STRING(kubeconfig_extension, "name", name),
    RAW(kubeconfig_extension, "extension", extension),
};
static const struct fields extension_fields = TABLE(extension_list, kubeconfig_extension);

static const struct field cluster_list[] = {
    STRING(kubeconfig_cluster, "server", server),
    STRING(kubeconfig_cluster, "tls-server-name", tls_server_name),
    STRING(kubeconfig_cluster, "proxy-url", proxy_url),
    STRING(kubeconfig_cluster, "certificate-authority", ca_file),
    STRING(kubeconfig_cluster, "certificate-authority-data", ca_data),
    BOOL(kubeconfig_cluster, "insecure-skip-tls-verify", insecure),
    BOOL(kubeconfig_cluster, "disable-compression", disable_compression),
    LIST(kubeconfig_cluster, "extensions", extensions, extension_fields),
};
static const struct fields cluster_fields = TABLE(cluster_list, kubeconfig_cluster);

static const struct field variable_list[] = {
    STRING(kubeconfig_variable, "name", name),
    STRING(kubeconfig_variable, "value", value),
};
static const struct fields variable_fields = TABLE(variable_list, kubeconfig_variable);

static const struct field exec_list[] = {
    STRING(kubeconfig_exec, "apiVersion", api_version),
    STRING(kubeconfig_exec, "command", command),
    STRING(kubeconfig_exec, "installHint", install_hint),
    STRING(kubeconfig_exec, "interactiveMode", interactive_mode),
    STRINGS(kubeconfig_exec, "args", args),
    LIST(kubeconfig_exec, "env", env, variable_fields),
    BOOL(kubeconfig_exec, "provideClusterInfo", provide_cluster_info),
};
static const struct fields exec_fields = TABLE(exec_list, kubeconfig_exec);

static const struct field auth_provider_list[] = { STRING(kubeconfig_auth_provider, "name", name) };
static const struct fields auth_provider_fields = TABLE(auth_provider_list, kubeconfig_auth_provider);

static const struct field user_list[] = {
    STRING(kubeconfig_user, "client-certificate", certificate_file),
    STRING(kubeconfig_user, "client-certificate-data", certificate_data),
    STRING(kubeconfig_user, "client-key", key_file),
    STRING(kubeconfig_user, "client-key-data", key_data),
    STRING(kubeconfig_user, "token", token),
    STRING(kubeconfig_user, "tokenFile", token_file),
    STRING(kubeconfig_user, "username", username),
    STRING(kubeconfig_user, "password", password),
    STRING(kubeconfig_user, "as", as),
    STRING(kubeconfig_user, "as-uid", as_uid),
    STRINGS(kubeconfig_user, "as-groups", as_groups),
    RAW(kubeconfig_user, "as-user-extra", as_extra),
    OBJECT(kubeconfig_user, "exec", exec, exec_fields),
    OBJECT(kubeconfig_user, "auth-provider", auth_provider, auth_provider_fields),
};
static const struct fields user_fields = TABLE(user_list, kubeconfig_user);

static const struct field context_list[] = {
    STRING(kubeconfig_context, "cluster", cluster),
    STRING(kubeconfig_context, "user", user),
    STRING(kubeconfig_context, "namespace", namespace),
};
static const struct fields context_fields = TABLE(context_list, kubeconfig_context);

static const struct field named_cluster_list[] = {
    STRING(kubeconfig_named, "name", name),
    OBJECT(kubeconfig_named, "cluster", value, cluster_fields),
};
static const struct field named_user_list[] = {
    STRING(kubeconfig_named, "name", name),
    OBJECT(kubeconfig_named, "user", value, user_fields),
};
static const struct field named_context_list[] = {
    STRING(kubeconfig_named, "name", name),
    OBJECT(kubeconfig_named, "context", value, context_fields),
};
static const struct fields named_cluster_fields = TABLE(named_cluster_list, kubeconfig_named);
static const struct fields named_user_fields = TABLE(named_user_list, kubeconfig_named);
static const struct fields named_context_fields = TABLE(named_context_list, kubeconfig_named);

static const struct field document_list[] = {
    STRING(document, "kind", kind),
    STRING(document, "current-context", current_context),
    LIST(document, "clusters", clusters, named_cluster_fields),
    LIST(document, "users", users, named_user_fields),
    LIST(document, "contexts", contexts, named_context_fields),
};
static const struct fields document_fields = TABLE(document_list, document);

static const struct {
    const char *key, *member;
    const struct fields *fields;
} lists[] = {
    [KUBECONFIG_CLUSTERS] = { "clusters", "cluster", &cluster_fields },
    [KUBECONFIG_USERS] = { "users", "user", &user_fields },
    [KUBECONFIG_CONTEXTS] = { "contexts", "context", &context_fields },
};

/* Puts "file:line: " before a message that starts with the path of a field. */
static int locate(const struct kubeconfig_file *file, struct error *err)
{
    auto_free char *path = xstrndup(err->message, strcspn(err->message, ": "));
    unsigned line = file->yaml.count ? yaml_line(&file->yaml.documents[0], path) : 1;
    char inner[sizeof(err->message)];

    memcpy(inner, err->message, sizeof(inner));
    return error_set(err, ERROR_INVALID, "%s:%u: %s", file->path, line, inner);
}

int kubeconfig_wrap(const struct kubeconfig_entry *entry, const char *field, struct error *err)
{
    error_wrap(err, "%s%s%s", entry->path, field ? "." : "", field ? field : "");
    return locate(entry->file, err);
}

int kubeconfig_fail(const struct kubeconfig_entry *entry, const char *field, struct error *err, const char *format, ...)
{
    va_list args;

    err->kind = ERROR_INVALID;
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    return kubeconfig_wrap(entry, field, err);
}

static int refuse_twins(const struct kubeconfig_file *file, enum kubeconfig_list list, struct error *err)
{
    const struct kubeconfig_named *named = file->lists[list];

    for (size_t i = 0; i < file->counts[list]; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!named[i].name || !named[j].name || strcmp(named[i].name, named[j].name) != 0)
                continue;
            error_set(err, ERROR_INVALID, "%s[%zu].name: '%s' is there twice", lists[list].key, i, named[i].name);
            return locate(file, err);
        }
    }
    return 0;
}

static int take_document(struct kubeconfig_file *file, const struct document *document, struct error *err)
{
    const char *current = document->current_context;

    if (document->kind && strcmp(document->kind, "Config") != 0) {
        error_set(err, ERROR_INVALID, "kind: is '%.60s', so this is no kubeconfig (kind: Config)", document->kind);
        return locate(file, err);
    }
    file->current_context = current && *current ? current : NULL;
    file->lists[KUBECONFIG_CLUSTERS] = document->clusters;
    file->lists[KUBECONFIG_USERS] = document->users;
    file->lists[KUBECONFIG_CONTEXTS] = document->contexts;
    file->counts[KUBECONFIG_CLUSTERS] = document->clusters_count;
    file->counts[KUBECONFIG_USERS] = document->users_count;
    file->counts[KUBECONFIG_CONTEXTS] = document->contexts_count;
    for (enum kubeconfig_list list = 0; list < KUBECONFIG_LISTS; list++)
        if (refuse_twins(file, list, err) < 0)
            return -1;
    return 0;
}

/* Decodes the text of a file; an empty one is fine. */
static int parse_file(struct kubeconfig_file *file, struct slice text, struct arena *arena, struct error *err)
{
    auto_free char *json = NULL;
    struct document document;
    struct scan scan;

    if (yaml_parse(file->path, text, &file->yaml, err) < 0)
        return -1;
    if (file->yaml.count == 0)
        return 0;
    if (file->yaml.count > 1)
        return error_set(err, ERROR_INVALID, "%s: has several documents (---), a kubeconfig has one", file->path);
    if (!json_is_object(file->yaml.documents[0].value))
        return error_set(err, ERROR_INVALID, "%s: is not a kubeconfig: its top is not a mapping", file->path);
    json = jb_dump(file->yaml.documents[0].value, false);
    scan_init(&scan, slice_of(arena_strdup(arena, json)));
    if (fields_decode(&document_fields, "", &scan, arena, &document, err) < 0)
        return locate(file, err);
    return take_document(file, &document, err);
}

static const char *directory_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? arena_strndup(arena, path, slash == path ? 1 : (size_t)(slash - path)) : ".";
}

int kubeconfig_add(struct kubeconfig *kubeconfig, const char *path, struct error *err)
{
    auto_strbuf struct strbuf text = { .maximum = KUBECONFIG_MAX_TEXT };
    struct kubeconfig_file file = { 0 };

    if (kubeconfig->count == KUBECONFIG_MAX_FILES)
        return error_set(err, ERROR_INVALID, "more than %d kubeconfig files", KUBECONFIG_MAX_FILES);
    if (file_read(path, &text, err) < 0)
        return -1;
    file.path = arena_strdup(kubeconfig->arena, path);
    file.directory = directory_of(kubeconfig->arena, path);
    if (parse_file(&file, (struct slice){ text.data, text.length }, kubeconfig->arena, err) < 0) {
        yaml_finish(&file.yaml);
        return -1;
    }
    grow(kubeconfig->files, kubeconfig->count, kubeconfig->capacity);
    kubeconfig->files[kubeconfig->count++] = file;
    return 0;
}

void kubeconfig_finish(struct kubeconfig *kubeconfig)
{
    for (size_t i = 0; i < kubeconfig->count; i++)
        yaml_finish(&kubeconfig->files[i].yaml);
    free(kubeconfig->files);
    *kubeconfig = (struct kubeconfig){ .arena = kubeconfig->arena };
}

const char *kubeconfig_current_context(const struct kubeconfig *kubeconfig)
{
    for (size_t i = 0; i < kubeconfig->count; i++)
        if (kubeconfig->files[i].current_context)
            return kubeconfig->files[i].current_context;
    return NULL;
}

bool kubeconfig_find(const struct kubeconfig *kubeconfig,
                     enum kubeconfig_list list,
                     const char *name,
                     struct kubeconfig_entry *ret)
{
    for (size_t i = 0; i < kubeconfig->count; i++) {
        const struct kubeconfig_file *file = &kubeconfig->files[i];

        for (size_t j = 0; j < file->counts[list]; j++) {
            const struct kubeconfig_named *named = &file->lists[list][j];

            if (!named->name || strcmp(named->name, name) != 0)
                continue;
            ret->file = file;
            ret->path = arena_printf(kubeconfig->arena, "%s[%zu].%s", lists[list].key, j, lists[list].member);
            ret->value = named->value ? named->value : arena_alloc(kubeconfig->arena, lists[list].fields->size);
            return true;
        }
    }
    return false;
}

const char *kubeconfig_names(const struct kubeconfig *kubeconfig, enum kubeconfig_list list)
{
    auto_strbuf struct strbuf names = { .maximum = 200 };

    for (size_t i = 0; i < kubeconfig->count; i++) {
        const struct kubeconfig_file *file = &kubeconfig->files[i];

        for (size_t j = 0; j < file->counts[list]; j++)
            if (file->lists[list][j].name)
                strbuf_addf(&names, "%s%s", names.length ? ", " : "", file->lists[list][j].name);
    }
    if (names.overflow)
        return arena_printf(kubeconfig->arena, "%s, ...", strbuf_text(&names));
    return arena_strdup(kubeconfig->arena, strbuf_text(&names));
}

const char *kubeconfig_resolve_path(struct arena *arena, const struct kubeconfig_entry *entry, const char *path)
{
    if (!path || !*path)
        return NULL;
    return *path == '/' ? path : arena_printf(arena, "%s/%s", entry->file->directory, path);
}
