#pragma once
/*
 * One connection of a client: reads a request, holds its answer as long as was asked, writes it, and reads the next.
 * Never blocks. Requests that came together are answered one after the other. At the end the answer is given time to
 * arrive: to close a socket that has unread bytes would take it away from the client.
 */

#include <stdbool.h>
#include <stdint.h>

#include "answer.h"
#include "http.h"

enum connection_state { READING, HELD, WRITING, LINGERING };

struct connection {
    int fd; /* -1: closed, and the place is free */
    enum connection_state state;
    int64_t deadline; /* of the state; what happens then depends on it */
    int64_t begun;    /* microseconds, when the first byte of the request was there */
    bool has_ended;   /* the client sends no more */
    bool closes;      /* behind this answer */
    size_t received;  /* bytes in `in` */
    size_t sent;      /* bytes of the answer */
    struct answer answer;
    char in[HTTP_REQUEST_MAX];
};

/* What holds for all connections. */
struct terms {
    struct service *service;   /* borrowed */
    int64_t idle_milliseconds; /* that a connection is kept without a request */
    bool says_close;           /* on each answer that has no request behind it yet */
};

void connection_open(struct connection *connection, int take_fd, const struct terms *terms);
void connection_close(struct connection *connection);

/* What poll() is asked for. */
short connection_events(const struct connection *connection);

/* After poll(): these events are there. */
void connection_work(struct connection *connection, short events, const struct terms *terms);

/* The deadline has come. */
void connection_expire(struct connection *connection, const struct terms *terms);

/* No request is under way. */
bool connection_is_idle(const struct connection *connection);
