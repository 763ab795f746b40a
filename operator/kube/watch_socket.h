#pragma once
/*
 * Watches over websockets, inside a libwebsockets context that somebody else owns and services: all calls, and all
 * signals, are on that context's service thread. The context needs watch_sockets_context's settings.
 *
 * What libwebsockets 4.1.6 does that decides the code: it resolves names by blocking, so addresses are numeric; it
 * cuts a request line at 2048 bytes and a Host at 128, so longer ones are refused here; it follows redirects, with our
 * token, unless told not to; it goes through $http_proxy unless told not to; it takes IPv6 literals apart at their
 * first colon before it compares them with the certificate, so that is done here. TLS: see socket_tls.h.
 */

#include <libwebsockets.h>

#include "../http/request.h"
#include "socket_tls.h"
#include "watch.h"

enum {
    WATCH_SOCKET_MAX_PATH = 2000, /* of the server's prefix and a command's path together */
    WATCH_SOCKET_MAX_AUTHORITY = 110,
};

/* Texts are borrowed for the life of the watch_sockets. */
struct watch_socket_server {
    bool tls;
    bool insecure;            /* the certificate is not checked */
    const char *authority;    /* "name:port": for Host, Origin, SNI and the certificate */
    const char *ipv6_address; /* the certificate is checked against this instead; NULL: against the name */
    const char *prefix;       /* before every path */
    unsigned port;
};

struct watch_sockets;

/*
 * Takes a signal. For WATCH_MESSAGE, take_text is the message's memory, else NULL: it is the handler's to free, in any
 * case. False, which counts for messages only: there is no room for it, and this watch must end.
 */
typedef bool watch_socket_handler(void *context, const struct watch_signal *signal, char *take_text);

/* What the context must be made with. */
void watch_sockets_context(struct lws_context_creation_info *info);

struct watch_sockets *watch_sockets_create(struct lws_context *lws,
                                           const struct watch_socket_server *server,
                                           const struct socket_certificates *certificates,
                                           watch_socket_handler *handler,
                                           void *context);

void watch_sockets_mute(struct watch_sockets *sockets); /* no more signals: before the context ends; NULL is fine */

/* After the context: what it knew of connections is not to be trusted at its end. NULL is fine. */
void watch_sockets_destroy(struct watch_sockets *sockets);

/* Closes all without signals. True when none is left: service the context until then, but not for long. */
bool watch_sockets_stop(struct watch_sockets *sockets);

/* New certificates: later watches use them, those that are open go on. */
void watch_sockets_certificates(struct watch_sockets *sockets, const struct socket_certificates *certificates);

/* Opens a watch at a numeric address; copies what it needs. Its signals follow, a refusal included. */
void watch_sockets_open(struct watch_sockets *sockets,
                        const struct watch_command *command,
                        const char *address,
                        const struct http_header *headers,
                        size_t header_count);

/* Closes it with 1000 and without a signal, if it is still open. */
void watch_sockets_close(struct watch_sockets *sockets, unsigned slot, unsigned serial);
