#pragma once
/*
 * Which proxy stands before the API server: the cluster's proxy-url, else the environment by the rules of Go's
 * httpproxy, which kubectl follows. Resolved once into one setting for libcurl and libwebsockets alike, as the two read
 * different variables: both must be told even that there is none (CURLOPT_PROXY "", http_proxy_address "none:0").
 */

#include <stdbool.h>

#include "../base/arena.h"
#include "../base/error.h"
#include "url.h"

enum proxy_type { PROXY_NONE, PROXY_HTTP, PROXY_HTTPS, PROXY_SOCKS5 };

/* All strings live in the arena given; they are secrets when there is a password. */
struct proxy {
    enum proxy_type type;
    const char *host;     /* NULL: no proxy. IPv6 without brackets */
    unsigned port;        /* never 0 when there is a host */
    const char *user;     /* NULL: none; decoded */
    const char *password; /* likewise */
    const char *url; /* without user and password, for CURLOPT_PROXY; socks5 as socks5h: the proxy resolves names */
};

/* From a proxy-url: http, https or socks5. Messages never quote it. */
int proxy_parse(const char *text, struct arena *arena, struct proxy *ret, struct error *err) must_check;

/*
 * From HTTPS_PROXY, or HTTP_PROXY for a server without TLS, unless NO_PROXY matches the server or it is this machine;
 * each also in lower case, which comes second. server->port must not be 0.
 */
int proxy_from_environment(const struct url *server, struct arena *arena, struct proxy *ret, struct error *err)
    must_check;

/* Whether a NO_PROXY list matches: names with their subdomains, addresses, networks (10.0.0.0/8), all with :port, or *.
 */
bool proxy_excludes(const char *no_proxy, const char *host, unsigned port);
