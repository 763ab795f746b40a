/* Calls: exchanges streamed both ways. */

#include <string.h>

#include "client.h"
#include "stream.h"

static size_t send_piece(char *buffer, size_t size, size_t count, void *context)
{
    struct http_stream *stream = context;
    ssize_t length;

    if (stream_is_held(stream))
        return CURL_READFUNC_PAUSE;
    length = stream->read(stream->context, stream->sent, buffer, size * count);

    if (length < 0)
        return CURL_READFUNC_ABORT;
    stream->sent += (uint64_t)length;
    return (size_t)length;
}

static int send_again_from(void *context, curl_off_t offset, int origin)
{
    struct http_stream *stream = context;

    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    stream->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static void put_body(struct http_stream *stream, const struct http_call *call)
{
    CURL *easy = stream->easy;

    stream->read = call->read;
    stream->sent = 0;
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->body_length);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_piece);
    curl_easy_setopt(easy, CURLOPT_READDATA, stream);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, send_again_from);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, stream);
}

static void put_call(struct http_stream *stream, const struct http_call *call)
{
    CURL *easy = stream->easy;

    if (strcmp(call->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (call->read)
        put_body(stream, call);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    if (call->buffer_size) {
        curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)call->buffer_size);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)call->buffer_size);
    }
    if (call->stall_ms) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)(call->stall_ms + 999) / 1000);
    }
    stream->headers = curl_slist_append(stream->headers, "Expect:");
    for (size_t i = 0; i < call->header_count; i++)
        stream_add_header(stream, call->headers[i].name, call->headers[i].value);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, stream->headers);
}

struct http_stream *http_client_call(struct http_client *client, const struct http_call *call)
{
    struct http_stream *stream = stream_get(client);

    stream_put_receiver(stream, call->receive, call->end, call->context);
    stream->hold = call->hold;
    stream_put_common(client, stream, call->path);
    put_call(stream, call);
    stream_start(client, stream);
    return stream;
}

void http_stream_resume(struct http_stream *stream)
{
    curl_easy_pause(stream->easy, CURLPAUSE_CONT);
}

const char *http_stream_header(const struct http_stream *stream, const char *name)
{
    struct curl_header *header;

    return curl_easy_header(stream->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : NULL;
}
