#pragma once
/*
 * Watches over chunked HTTP: the same signals as watch_socket gives, from the thread of the http_client and out of
 * http_client_step.
 */

#include "../http/client.h"
#include "watch.h"

struct watch_stream;

/* `credentials` is the serial of the headers it was opened with; for a refusal with 401. */
typedef void watch_stream_handler(void *context, const struct watch_signal *signal, uint64_t credentials);

/* Opens a watch; the command's path is taken. */
struct watch_stream *watch_stream_create(struct http_client *client,
                                         const struct watch_command *command,
                                         watch_stream_handler *handler,
                                         void *context);

/* Closes it without a signal, if it is not closed yet. Not from inside the handler. NULL is fine. */
void watch_stream_destroy(struct watch_stream *stream);
