#pragma once
/* Watches over chunked HTTP: one transfer each, split at newlines. The same signals as watch_socket gives. */

#include "../http/client.h"
#include "watch.h"

struct watch_stream;

typedef void watch_handler(void *context, const struct watch_signal *signal);

/* Opens a watch; the command's path is taken. The handler is called from http_client_step. */
struct watch_stream *watch_stream_create(struct http_client *client,
                                         const struct watch_command *command,
                                         watch_handler *handler,
                                         void *context);

/* Closes it without a signal, if it is not closed yet, and frees it. */
void watch_stream_destroy(struct watch_stream *stream);

/* True after WATCH_CLOSED was signalled: it waits to be destroyed. */
bool watch_stream_is_closed(const struct watch_stream *stream);
