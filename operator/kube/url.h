#pragma once
/* URLs of API servers and proxies, taken apart (RFC 3986; IPv6 hosts as in RFC 6874). */

#include <stdbool.h>

#include "../base/arena.h"
#include "../base/error.h"

struct url {
    const char *scheme;   /* in lower case */
    const char *user;     /* percent-decoded; NULL: none */
    const char *password; /* likewise */
    const char *host;     /* a name or a numeric address, an IPv6 one without brackets; in lower case, not empty */
    bool ipv6;
    unsigned port;    /* 0: none was written */
    const char *path; /* as written, from the first slash on; "" when there is none. Slashes at its end are cut */
};

/*
 * Parses scheme://[user[:password]@]host[:port][/path] into the arena. Queries and fragments are refused. Messages say
 * what is wrong and never quote the text, which may hold a password; on failure *ret is untouched, and the error
 * is ERROR_INVALID.
 */
int url_parse(const char *text, struct arena *arena, struct url *ret, struct error *err) must_check;

/*
 * "host:port" as it stands in a URL or a Host header: with brackets around IPv6 (and %25 before a zone), without the
 * port when it is 0. In the arena.
 */
const char *url_authority(struct arena *arena, const struct url *url);
