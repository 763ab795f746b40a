#include "watch_stream.h"

#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "ws_message.h"

struct watch_stream {
    struct http_client *client;
    struct http_stream *http; /* NULL: over */
    struct strbuf line;       /* the beginning of an event */
    unsigned slot, serial;
    bool opened;
    watch_stream_handler *handler;
    void *context;
};

static void send_signal(struct watch_stream *stream, struct watch_signal signal, uint64_t credentials)
{
    signal.slot = stream->slot;
    signal.serial = stream->serial;
    stream->handler(stream->context, &signal, credentials);
}

static void send_message(struct watch_stream *stream, const char *text, size_t length)
{
    if (length)
        send_signal(stream, (struct watch_signal){ .type = WATCH_MESSAGE, .message = { text, length } }, 0);
}

/* An event ends with a newline. Only those that came in pieces are copied. */
static bool split(struct watch_stream *stream, const char *bytes, size_t length)
{
    while (length) {
        const char *end = memchr(bytes, '\n', length);
        size_t piece = end ? (size_t)(end - bytes) : length;

        if (end && !stream->line.length) {
            send_message(stream, bytes, piece);
        } else {
            strbuf_append(&stream->line, bytes, piece);
            if (stream->line.overflow)
                return false;
        }
        if (end && stream->line.length) {
            send_message(stream, stream->line.data, stream->line.length);
            strbuf_finish(&stream->line); /* few events come in pieces, and a large one must not keep its memory */
        }
        bytes += piece + (end != NULL);
        length -= piece + (end != NULL);
    }
    return true;
}

static bool receive(void *context, int status, const char *bytes, size_t length)
{
    struct watch_stream *stream = context;

    if (status != 200)
        return true; /* the error text is of no use to us */
    if (!stream->opened)
        send_signal(stream, (struct watch_signal){ .type = WATCH_OPENED }, 0);
    stream->opened = true;
    return split(stream, bytes, length);
}

static void ended(void *context, const struct http_response *response, uint64_t credentials)
{
    struct watch_stream *stream = context;
    struct watch_signal signal = { .type = WATCH_CLOSED, .refused = !stream->opened };
    char text[64];

    stream->http = NULL;
    signal.problem = response->problem ? response->problem : "ended by the server";
    if (stream->line.overflow)
        signal.problem = "an event is too large";
    if (!stream->opened) {
        signal.http_status = response->status;
        signal.retry_after_ms = response->retry_after_ms;
    }
    if (signal.http_status) {
        snprintf(text, sizeof(text), "the server answered %d", signal.http_status);
        signal.problem = text;
    }
    send_signal(stream, signal, credentials);
}

struct watch_stream *watch_stream_create(struct http_client *client,
                                         const struct watch_command *command,
                                         watch_stream_handler *handler,
                                         void *context)
{
    struct watch_stream *stream = xcalloc(1, sizeof(*stream));

    *stream = (struct watch_stream){ .client = client,
                                     .slot = command->slot,
                                     .serial = command->serial,
                                     .handler = handler,
                                     .context = context,
                                     .line = { .maximum = WS_MESSAGE_MAX } };
    stream->http = http_client_stream(client, command->path, command->timeout_ms, receive, ended, stream);
    free(command->path);
    return stream;
}

void watch_stream_destroy(struct watch_stream *stream)
{
    if (!stream)
        return;
    if (stream->http)
        http_client_cancel(stream->client, stream->http);
    strbuf_finish(&stream->line);
    free(stream);
}
