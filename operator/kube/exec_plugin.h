#pragma once
/*
 * Credential plugins (client.authentication.k8s.io v1 and v1beta1): a program prints an ExecCredential. Runs without a
 * shell and without blocking: start, wait until exec_plugin_fd is readable or the deadline comes, step, and so on.
 * The plugin's stderr is ours, its stdin is empty, it is killed with its whole process group at the deadline.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/error.h"
#include "../base/slice.h"
#include "../base/strbuf.h"

enum {
    EXEC_MAX_OUTPUT = 1024 * 1024,
    EXEC_TIMEOUT_MS = 30 * 1000,
};

/* How to run it; borrowed. */
struct exec_config {
    const char *api_version;        /* what the output must carry */
    const char *const *arguments;   /* NULL-terminated, the command first: a name for PATH, or a path with a slash */
    const char *const *environment; /* NULL-terminated "NAME=value": added to ours, replacing equal names */
    const char *install_hint;       /* for the message when the command is not there; NULL: none */
};

/* What it says. All owned. */
struct exec_credential {
    char *token;       /* NULL: none */
    char *certificate; /* PEM, checked; NULL: none, and then no key either */
    char *key;
    int64_t expires_in_ms; /* from the moment it was read; INT64_MAX: never. May be negative */
};

void exec_credential_finish(struct exec_credential *credential);

/* Parses what a plugin printed, JSON or YAML. Messages never quote it. On failure *ret is untouched. */
int exec_credential_parse(const struct exec_config *config,
                          struct slice text,
                          struct exec_credential *ret,
                          struct error *err) must_check;

/* A run. Zero-initialised: none is under way. */
struct exec_plugin {
    const struct exec_config *config;
    pid_t pid;       /* 0: not running */
    int pipe, pidfd; /* -1: closed; meaningless while pid is 0 */
    int64_t deadline_ms;
    struct strbuf output;
};

/* Starts a run that must end timeout_ms after now_ms (CLOCK_BOOTTIME). ERROR_NOT_FOUND: no such command. */
int exec_plugin_start(struct exec_plugin *plugin,
                      const struct exec_config *config,
                      int64_t now_ms,
                      int64_t timeout_ms,
                      struct error *err) must_check;

bool exec_plugin_is_running(const struct exec_plugin *plugin);

/* To wait on until readable; -1 when there is none: step again within 100 ms. It changes while a run goes on. */
int exec_plugin_fd(const struct exec_plugin *plugin);

/*
 * Moves a run on, without blocking. Failure ends the run. Success with *ret_done false: it goes on; with *ret_done
 * true: it has ended, and *ret was filled.
 */
int exec_plugin_step(struct exec_plugin *plugin,
                     int64_t now_ms,
                     bool *ret_done,
                     struct exec_credential *ret,
                     struct error *err) must_check;

/* Ends a run if there is one: kills and reaps. */
void exec_plugin_finish(struct exec_plugin *plugin);
