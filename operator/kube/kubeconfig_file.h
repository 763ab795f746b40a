#pragma once
/*
 * Kubeconfig files as they are written: read, merged, looked up. What they mean is config.h's business.
 *
 * Merging is kubectl's: the first file that defines a cluster, user or context of a name wins with the whole entry, and
 * the first current-context wins. Unknown keys are ignored. Every string lives in the arena; many are secrets.
 */

#include <stdbool.h>
#include <stddef.h>

#include "../base/arena.h"
#include "../base/error.h"
#include "../base/slice.h"
#include "../base/yaml.h"

enum { KUBECONFIG_MAX_TEXT = 4 * 1024 * 1024, KUBECONFIG_MAX_FILES = 64 };

struct kubeconfig_extension {
    const char *name;
    struct slice extension; /* JSON */
};

struct kubeconfig_cluster {
    const char *server, *tls_server_name, *proxy_url;
    const char *ca_file, *ca_data; /* data in base64, here and below */
    bool insecure, has_insecure;
    bool disable_compression, has_disable_compression;
    const struct kubeconfig_extension *extensions;
    size_t extensions_count;
};

struct kubeconfig_variable {
    const char *name, *value;
};

struct kubeconfig_exec {
    const char *api_version, *command, *install_hint, *interactive_mode;
    const char *const *args;
    size_t args_count;
    const struct kubeconfig_variable *env;
    size_t env_count;
    bool provide_cluster_info, has_provide_cluster_info;
};

struct kubeconfig_auth_provider {
    const char *name;
};

struct kubeconfig_user {
    const char *certificate_file, *certificate_data, *key_file, *key_data;
    const char *token, *token_file, *username, *password;
    const char *as, *as_uid;
    const char *const *as_groups;
    size_t as_groups_count;
    struct slice as_extra; /* JSON: {"key": ["value"]} */
    const struct kubeconfig_exec *exec;
    const struct kubeconfig_auth_provider *auth_provider;
};

struct kubeconfig_context {
    const char *cluster, *user, *namespace;
};

enum kubeconfig_list { KUBECONFIG_CLUSTERS, KUBECONFIG_USERS, KUBECONFIG_CONTEXTS, KUBECONFIG_LISTS };

struct kubeconfig_file {
    const char *path, *directory;
    const char *current_context; /* NULL: none */
    const struct kubeconfig_named *lists[KUBECONFIG_LISTS];
    size_t counts[KUBECONFIG_LISTS];
    struct yaml yaml; /* for the lines of messages */
};

struct kubeconfig {
    struct kubeconfig_file *files;
    size_t count, capacity;
    struct arena *arena; /* borrowed, set by the caller */
};

/* An entry that was looked up, and where it is written. */
struct kubeconfig_entry {
    const struct kubeconfig_file *file;
    const char *path;  /* like "clusters[0].cluster" */
    const void *value; /* a struct kubeconfig_cluster, _user or _context; never NULL */
};

/* Reads one file and adds it behind the others. ERROR_NOT_FOUND: there is none; messages are "file:line: ...". */
int kubeconfig_add(struct kubeconfig *kubeconfig, const char *path, struct error *err) must_check;
void kubeconfig_finish(struct kubeconfig *kubeconfig); /* the arena stays */

#define auto_kubeconfig __attribute__((cleanup(kubeconfig_finish)))

/* The current-context of the files, NULL when none has one. */
const char *kubeconfig_current_context(const struct kubeconfig *kubeconfig);

bool kubeconfig_find(const struct kubeconfig *kubeconfig,
                     enum kubeconfig_list list,
                     const char *name,
                     struct kubeconfig_entry *ret);

/* The names in a list of all files, "a, b, c", for messages; in the arena, "" when there are none. */
const char *kubeconfig_names(const struct kubeconfig *kubeconfig, enum kubeconfig_list list);

/* An error about a field of an entry (NULL: about the entry): "file:line: clusters[0].cluster.server: problem". */
int kubeconfig_fail(const struct kubeconfig_entry *entry, const char *field, struct error *err, const char *format, ...)
    printf_like(4, 5);

/* Puts the same before the message of an error that is set, and returns -1. */
int kubeconfig_wrap(const struct kubeconfig_entry *entry, const char *field, struct error *err);

/* A path that a file names: relative ones start at the file's folder. NULL and "" give NULL. In the arena. */
const char *kubeconfig_resolve_path(struct arena *arena, const struct kubeconfig_entry *entry, const char *path);
