#pragma once
/*
 * What a watch is to the engine, whatever carries it: a command to open or close one, and what comes back. The
 * carriers are watch_socket (websocket) and watch_stream (chunked HTTP). Nothing here does I/O.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../base/slice.h"

enum watch_transport { WATCH_WEBSOCKET, WATCH_HTTP };

struct watch_command {
    bool open;       /* else: close, silently; the rest but slot and serial does not matter */
    unsigned slot;   /* which reflector; a small number, the same for its whole life */
    unsigned serial; /* grows with every opening of the slot; answers that carry an older one are stale */
    enum watch_transport transport;
    char *path;          /* with its query, without the server's own prefix; owned by whoever takes the command */
    unsigned timeout_ms; /* hard end of the watch, our own deadline: the query's timeoutSeconds and some slack */
};

enum watch_signal_type {
    WATCH_OPENED,
    WATCH_MESSAGE, /* one whole watch event: {"type": ..., "object": ...} */
    WATCH_CLOSED,  /* the end, for whatever reason; always the last signal of a serial unless we closed it ourselves */
};

struct watch_signal {
    enum watch_signal_type type;
    unsigned slot;
    unsigned serial;
    struct slice message;    /* WATCH_MESSAGE: borrowed until the call returns */
    int http_status;         /* WATCH_CLOSED: the server's answer when it refused to open (403, 429, ...), else 0 */
    unsigned retry_after_ms; /* WATCH_CLOSED: 0 when the server named none */
    bool refused;            /* WATCH_CLOSED: never opened */
    bool upgrade_refused;    /* WATCH_CLOSED: the server or a proxy answered, but not with a websocket */
    const char *problem;     /* WATCH_CLOSED: what happened, for the log; borrowed */
};
