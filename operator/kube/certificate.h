#pragma once
/* Certificates of our own (X.509, P-256): an authority, and what it vouches for. All texts are PEM. */

#include <stdbool.h>
#include <stdint.h>

#include "../base/error.h"

struct certificate {
    char *pem, *key; /* owned */
};
void certificate_finish(struct certificate *certificate); /* a zeroed one is fine; it is zeroed afterwards */

/* An authority of that name, good for ten years from `now` (seconds since 1970). */
void certificate_found(const char *name, int64_t now, struct certificate *ret);

/* For a server of that host name or address, good for a year. ERROR_INVALID when the authority cannot be read. */
int certificate_issue(const struct certificate *authority,
                      const char *host,
                      int64_t now,
                      struct certificate *ret,
                      struct error *err) must_check;

/* Whether a client that trusts the authority would take it for the host, at that time. */
bool certificate_is_good(const struct certificate *authority,
                         const struct certificate *certificate,
                         const char *host,
                         int64_t at);
