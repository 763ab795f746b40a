#pragma once
/*
 * Watches over websockets, inside a libwebsockets context that somebody else owns and services: all calls, and all
 * signals, are on that context's service thread. What the API server wants of a handshake, and what libwebsockets 4.1.6
 * does to it, is in design/0001-websocket-watch.md.
 */

#include <libwebsockets.h>

#include "../base/error.h"
#include "../http/request.h"
#include "watch.h"

/* Plain data, borrowed until watch_sockets_create or _tls returns. */
struct watch_socket_tls {
    const char *ca, *certificate, *key; /* PEM, with all certificates of a bundle or chain; ca NULL: the system's */
    bool insecure;
};

struct watch_socket_server {
    bool tls;
    const char *host;   /* for Host, Origin and the certificate: a name, or a numeric address */
    const char *prefix; /* before every path */
    unsigned port;
};

struct watch_sockets;

typedef void watch_socket_handler(void *context, const struct watch_signal *signal);

/* The protocol to put into the context's own vhost list is made inside; server's texts are borrowed for its life. */
struct watch_sockets *watch_sockets_create(struct lws_context *lws,
                                           const struct watch_socket_server *server,
                                           const struct watch_socket_tls *tls,
                                           watch_socket_handler *handler,
                                           void *context);
void watch_sockets_destroy(struct watch_sockets *sockets); /* before the context; gives no signals */

/* New certificates: later watches use them, those that are open go on. */
void watch_sockets_tls(struct watch_sockets *sockets, const struct watch_socket_tls *tls);

/* Opens a watch at a numeric address; copies what it needs. Its signals follow, a refusal included. */
void watch_sockets_open(struct watch_sockets *sockets,
                        const struct watch_command *command,
                        const char *address,
                        const struct http_header *headers,
                        size_t header_count);

/* Closes it with 1000 and without a signal, if it is still open. */
void watch_sockets_close(struct watch_sockets *sockets, unsigned slot, unsigned serial);
