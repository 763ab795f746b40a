#pragma once
/*
 * Requests over libcurl: one multi handle, kept-alive connections, pooled handles. One thread; nothing blocks but
 * http_client_wait and http_client_perform. Everything is sent at once, on a connection of its own as long as none is
 * free: who limits how much is under way is the caller.
 *
 * A write is never sent twice. When a kept-alive connection turns out to be dead, curl would silently repeat the
 * request on another; here a GET is repeated, but a write ends with maybe_done, and its sender looks what happened.
 */

#include <sys/types.h>

#include "../base/error.h"
#include "../base/strbuf.h"
#include "request.h"
#include "settings.h"

/* The headers to send now: asked for at each request, since credentials change. They are copied at once. */
typedef size_t http_headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial);

/*
 * Called with each answer; `serial` is that of the headers it was sent with. The request is destroyed afterwards,
 * unless the callback takes it (to send it again) and leaves NULL.
 */
typedef void http_answer(void *context,
                         struct http_request **request,
                         const struct http_response *response,
                         uint64_t serial);

struct http_client;

/* headers, answer: NULL for who only calls (http_client_call). */
struct http_client *http_client_create(const struct http_settings *settings,
                                       http_headers *headers,
                                       http_answer *answer,
                                       void *context);
void http_client_destroy(struct http_client *client); /* requests under way get no answer; NULL is fine */

/* Takes ca, certificate and key of the settings: what is under way goes on, later requests make new connections. */
void http_client_certificates(struct http_client *client, const struct http_settings *settings);

void http_client_send(struct http_client *client, struct http_request *take_request);

/* Moves everything on and hands out answers. */
void http_client_step(struct http_client *client);

/* Waits until something can be moved on, http_client_wakeup is called, one of up to 8 fds (-1: none) is readable, or
 * time is up. */
void http_client_wait(struct http_client *client, const int *fds, size_t count, int timeout_ms);
void http_client_wakeup(struct http_client *client); /* from any thread */

/*
 * Sends one request and waits for its answer, for subcommands. The body is appended to *body. The request is taken.
 * ERROR_TRANSIENT when there was no answer.
 */
int http_client_perform(struct http_client *client,
                        struct http_request *take_request,
                        int *ret_status,
                        struct strbuf *body,
                        struct error *err) must_check;

/* A GET whose answer is taken as it comes, on a connection that nothing else uses. */
struct http_stream;

/*
 * Called with the status and no bytes when the head of the answer is complete, then with every piece of its body.
 * False ends the stream. Nothing may be sent or cancelled from inside.
 */
typedef bool http_receive(void *context, int status, const char *bytes, size_t length);

/* Called at the end, whoever brought it about; the stream is gone then. There is no body; a problem may have a status.
 */
typedef void http_end(void *context, const struct http_response *response, uint64_t serial);

struct http_stream *http_client_stream(struct http_client *client,
                                       const char *path,
                                       unsigned timeout_ms,
                                       http_receive *receive,
                                       http_end *end,
                                       void *context);
void http_client_cancel(struct http_client *client, struct http_stream *stream); /* without a call of `end` */

/*
 * Any exchange, streamed both ways, on kept-alive connections: for whoever moves large things. It says all its headers
 * itself. The connection may turn out dead after it was written to; then curl repeats the request on another.
 */

/* Fills a buffer with the body's bytes from `offset` on: how many, at least 1; -1 ends the call. */
typedef ssize_t http_read(void *context, uint64_t offset, void *buffer, size_t size);

struct http_call {
    const char *method; /* "GET"; copied, as are path and headers */
    const char *path;   /* encoded, sent as it is */
    const struct http_header *headers;
    size_t header_count;
    http_read *read; /* NULL: no body at all */
    uint64_t body_length;
    unsigned stall_ms;           /* ends when nothing moves for so long; whole seconds, 0: never */
    size_t buffer_size;          /* the most that is read at once; 0: curl's 16 KiB */
    bool (*hold)(void *context); /* before each piece: it waits for http_stream_resume when true. NULL: never */
    http_receive *receive;
    http_end *end;
    void *context;
};

/* The stream is gone when `end` was called; new calls may be made from inside of that. */
struct http_stream *http_client_call(struct http_client *client, const struct http_call *call);

void http_stream_resume(struct http_stream *stream); /* what was held moves on, also from inside of this */

/* A header of the answer, in `receive` and `end`; NULL: it has none. Borrowed until the next call of this. */
const char *http_stream_header(const struct http_stream *stream, const char *name);

/* The numeric address the last answered request went to, "" before: for websockets, which must not resolve names. */
const char *http_client_address(const struct http_client *client);
