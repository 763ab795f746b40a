#include "watch_stream.h"

#include <string.h>
#include <time.h>

#include "../base/memory.h"

struct watch_stream {
    struct http_client *client;
    CURL *easy; /* NULL: over */
    struct curl_slist *headers;
    struct strbuf line;
    unsigned slot, serial;
    bool opened;
    watch_handler *handler;
    void *context;
};

static void signal_simple(struct watch_stream *stream, enum watch_signal_type type, struct slice message)
{
    struct watch_signal signal = { .type = type, .slot = stream->slot, .serial = stream->serial, .message = message };

    stream->handler(stream->context, &signal);
}

static void take_line(struct watch_stream *stream)
{
    if (stream->line.length)
        signal_simple(stream, WATCH_MESSAGE, (struct slice){ stream->line.data, stream->line.length });
    strbuf_clear(&stream->line);
}

static void open_if_good(struct watch_stream *stream)
{
    long status = 0;

    curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
    if (stream->opened || status != 200)
        return;
    stream->opened = true;
    signal_simple(stream, WATCH_OPENED, (struct slice){ NULL, 0 });
}

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
    struct watch_stream *stream = context;
    size_t length = size * count;

    open_if_good(stream);
    for (size_t at = 0; at < length && stream->opened;) {
        const char *end = memchr(bytes + at, '\n', length - at);
        size_t piece = end ? (size_t)(end - bytes) - at : length - at;

        strbuf_append(&stream->line, bytes + at, piece);
        if (stream->line.overflow)
            return 0; /* ends the transfer; the engine lists again */
        if (end)
            take_line(stream);
        at += piece + (end != NULL);
    }
    return length;
}

static void closed(void *context, CURL *easy, CURLcode result)
{
    struct watch_stream *stream = context;
    struct watch_signal signal = { .type = WATCH_CLOSED, .slot = stream->slot, .serial = stream->serial };
    struct curl_header *header;
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    signal.http_status = stream->opened ? 0 : (int)status;
    signal.refused = !stream->opened;
    signal.problem = stream->line.overflow ? "a message is too large"
                     : result              ? curl_easy_strerror(result)
                                           : "ended by the server";
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        signal.retry_after_ms = http_retry_after_ms(header->value, time(NULL));
    curl_easy_cleanup(take(stream->easy));
    stream->handler(stream->context, &signal);
}

struct watch_stream *watch_stream_create(struct http_client *client,
                                         const struct watch_command *command,
                                         watch_handler *handler,
                                         void *context)
{
    struct watch_stream *stream = xcalloc(1, sizeof(*stream));
    uint64_t serial;

    *stream = (struct watch_stream){ .client = client,
                                     .slot = command->slot,
                                     .serial = command->serial,
                                     .handler = handler,
                                     .context = context,
                                     .line = { .maximum = STRBUF_MAX_DOCUMENT } };
    stream->easy = http_client_easy(client, command->path, &stream->headers, &serial);
    free(command->path);
    curl_easy_setopt(stream->easy, CURLOPT_HTTPHEADER, stream->headers);
    curl_easy_setopt(stream->easy, CURLOPT_FRESH_CONNECT, 1L); /* a slow reader must not hold up other requests */
    curl_easy_setopt(stream->easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(stream->easy, CURLOPT_TIMEOUT_MS, (long)command->timeout_ms);
    curl_easy_setopt(stream->easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(stream->easy, CURLOPT_WRITEDATA, stream);
    http_client_add(client, stream->easy, closed, stream);
    return stream;
}

bool watch_stream_is_closed(const struct watch_stream *stream)
{
    return !stream->easy;
}

void watch_stream_destroy(struct watch_stream *stream)
{
    if (!stream)
        return;
    if (stream->easy) {
        http_client_remove(stream->client, stream->easy);
        curl_easy_cleanup(stream->easy);
    }
    curl_slist_free_all(stream->headers);
    strbuf_finish(&stream->line);
    free(stream);
}
