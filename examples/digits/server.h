#pragma once
/*
 * All connections in one poll loop, and how it ends. A stop (SIGTERM) comes to a server that its proxies may still
 * know:
 *
 *   drain    DRAIN_SECONDS long everything goes on, new connections too, but each answer says "Connection: close";
 *   close    nobody new is let in. Requests that have begun are answered; idle connections have one more second;
 *   end      when the last connection is closed.
 *
 * Another signal ends the drain at once.
 */

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "connection.h"

enum { CONNECTIONS_MAX = 1000 }; /* below the usual limit of descriptors; more clients wait to be let in */

enum stage { SERVING, DRAINING, CLOSING };

struct server {
    struct service service;
    int listener;    /* -1: nobody is let in any more */
    int64_t load_at; /* when the model is loaded */
    enum stage stage;
    int64_t drained_at;
    size_t used; /* places that may be in use: connections[0 .. used - 1] */
    struct connection connections[CONNECTIONS_MAX];
    struct pollfd polls[CONNECTIONS_MAX + 1];
};

/* Large: for static memory. `settings` is borrowed. */
int server_init(struct server *server, const struct settings *settings, struct error *err);

/* Returns 0 when it was stopped and everybody has their answer. -1: the model cannot be loaded, or waiting fails. */
int server_run(struct server *server, struct error *err);

void server_finish(struct server *server);
