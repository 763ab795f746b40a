#pragma once
/*
 * The credentials in use: what a kube_config named, kept fresh. Token files are read again every minute, the CA and
 * client certificates every 5 minutes (client-go's intervals), plugins are run again shortly before what they gave
 * expires; a 401 brings both forward. Whatever fails leaves the old one in use.
 *
 * One thread. Nothing blocks but credentials_create; reading a small file counts as not blocking. Times are
 * CLOCK_BOOTTIME in milliseconds, the engine's monotonic_ms.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

enum {
    CREDENTIALS_TOKEN_MS = 60 * 1000,
    CREDENTIALS_TLS_MS = 5 * 60 * 1000,
    CREDENTIALS_BACKOFF_MIN_MS = 1000,
    CREDENTIALS_BACKOFF_MAX_MS = 60 * 1000,
};

struct credentials;

/* To be sent with every request and every websocket upgrade; borrowed until the next poll or rejected. */
struct credentials_headers {
    const struct http_header *list; /* Authorization if there is one, then impersonation */
    size_t count;
    uint64_t serial; /* of the token: keep it with the request, for credentials_rejected */
};

/* PEM texts, borrowed until the next poll or rejected. NULL: none, and for `ca`: the system's own. */
struct credentials_tls {
    const char *ca, *certificate, *key;
};

/* Borrows config for its life. A plugin is run now, and waited for: up to 30 s. */
int credentials_create(const struct kube_config *config, int64_t now_ms, struct credentials **ret, struct error *err)
    must_check;
void credentials_destroy(struct credentials *credentials);

struct credentials_headers credentials_headers(const struct credentials *credentials);
struct credentials_tls credentials_tls(const struct credentials *credentials);

/* Changes whenever what credentials_tls gives does: all connections must then be closed and made anew. */
uint64_t credentials_generation(const struct credentials *credentials);

/*
 * Reads what is due to be read and moves the plugin on: call it when credentials_fd is readable and at
 * credentials_next. Failure says why something could not be refreshed, for the log; what was in use stays in use and is
 * tried again.
 */
int credentials_poll(struct credentials *credentials, int64_t now_ms, struct error *err) must_check;

/* To wait on until readable, -1: none. It changes with every poll. */
int credentials_fd(const struct credentials *credentials);

/* When to poll at the latest; INT64_MAX: never. */
int64_t credentials_next(const struct credentials *credentials, int64_t now_ms);

/*
 * The server answered 401 to a request that carried this serial. True: another token is in use by now, send it again at
 * once, once. False: nothing better yet; a plugin is run again if there is one, as soon as its back-off allows.
 */
bool credentials_rejected(struct credentials *credentials, int64_t now_ms, uint64_t serial);
