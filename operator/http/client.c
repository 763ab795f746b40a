#include "client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/memory.h"
#include "poller.h"
#include "stream.h"

enum {
    MAX_CONNECTIONS = 80, /* kept alive, and handles kept: the window, chunked watches, questions to others */
    MAX_KEPT_BODY = 64 * 1024,
};

struct http_client *http_client_create(const struct http_settings *settings,
                                       http_headers *headers,
                                       http_answer *answer,
                                       void *context)
{
    struct http_client *client = xcalloc(1, sizeof(*client));

    *client = (struct http_client){ .headers = headers, .answer = answer, .context = context };
    http_settings_copy(&client->settings, settings);
    client->connect_to = settings->connect_to ? curl_slist_append(NULL, settings->connect_to) : NULL;
    client->multi = curl_multi_init();
    if (!client->multi)
        BUG("curl_multi_init");
    client->poller = poller_create(client->multi);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)MAX_CONNECTIONS);
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, settings->http2 ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
    return client;
}

void http_client_certificates(struct http_client *client, const struct http_settings *settings)
{
    http_settings_replace_certificates(&client->settings, settings);
}

/* -- preparing ---------------------------------------------------------------------------------------------------- */

void stream_add_header(struct http_stream *stream, const char *name, const char *value)
{
    auto_strbuf struct strbuf line = { 0 };

    strbuf_addf(&line, "%s: %s", name, value);
    stream->headers = curl_slist_append(stream->headers, strbuf_text(&line));
}

static void put_headers(struct http_client *client, struct http_stream *stream, const char *content_type)
{
    const struct http_header *list;
    size_t count = client->headers(client->context, &list, &stream->serial);

    stream_add_header(stream, "Accept", "application/json");
    stream->headers = curl_slist_append(stream->headers, "Expect:"); /* curl would wait a second for "100 Continue" */
    if (client->settings.host)
        stream_add_header(stream, "Host", client->settings.host);
    if (content_type)
        stream_add_header(stream, "Content-Type", content_type);
    for (size_t i = 0; i < count; i++)
        stream_add_header(stream, list[i].name, list[i].value);
    curl_easy_setopt(stream->easy, CURLOPT_HTTPHEADER, stream->headers);
}

/* Called when a connection is there and the request is about to be written to it. */
static int about_to_send(void *context, char *to, char *from, int to_port, int from_port)
{
    struct http_stream *stream = context;

    (void)from;
    (void)to_port;
    (void)from_port;
    if (to && *to)
        snprintf(stream->client->address, sizeof(stream->client->address), "%s", to);
    stream->attempts++;
    if (stream->attempts > 1 && stream->request && stream->request->method != HTTP_GET)
        return CURL_PREREQFUNC_ABORT;
    return CURL_PREREQFUNC_OK;
}

void stream_put_place(struct http_stream *stream)
{
    curl_easy_setopt(stream->easy, CURLOPT_ERRORBUFFER, stream->problem);
    curl_easy_setopt(stream->easy, CURLOPT_PRIVATE, stream);
}

void stream_put_common(struct http_client *client, struct http_stream *stream, const char *path)
{
    auto_strbuf struct strbuf url = { 0 };
    CURL *easy = stream->easy;

    strbuf_addf(&url, "%s%s", client->settings.url, path);
    curl_easy_setopt(easy, CURLOPT_URL, strbuf_text(&url));
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, client->connect_to);
    stream_put_place(stream);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, about_to_send);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, stream);
    http_settings_put(&client->settings, easy);
}

struct http_stream *stream_get(struct http_client *client)
{
    struct http_stream *stream = client->spare;

    if (stream) {
        client->spare = stream->next;
        client->spare_count--;
        curl_easy_reset(stream->easy); /* keeps connections, forgets options */
        return stream;
    }
    stream = xcalloc(1, sizeof(*stream));
    stream->client = client;
    stream->easy = curl_easy_init();
    if (!stream->easy)
        BUG("curl_easy_init");
    return stream;
}

static void free_stream(struct http_stream *stream)
{
    curl_easy_cleanup(stream->easy);
    strbuf_finish(&stream->body);
    free(stream);
}

static void put_stream(struct http_client *client, struct http_stream *stream)
{
    curl_slist_free_all(take(stream->headers));
    http_request_destroy(take(stream->request));
    if (client->spare_count == MAX_CONNECTIONS) {
        free_stream(stream);
        return;
    }
    if (stream->body.capacity > MAX_KEPT_BODY)
        strbuf_finish(&stream->body);
    strbuf_clear(&stream->body);
    stream->attempts = 0;
    stream->problem[0] = '\0';
    stream->next = client->spare;
    client->spare = stream;
    client->spare_count++;
}

/* -- requests ----------------------------------------------------------------------------------------------------- */

static size_t receive_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_stream *stream = context;

    strbuf_append(&stream->body, bytes, size * count);
    return stream->body.overflow ? 0 : size * count;
}

static struct http_stream *prepare(struct http_client *client, struct http_request *request)
{
    struct http_stream *stream = stream_get(client);
    CURL *easy = stream->easy;

    stream->request = request;
    stream->body.maximum = STRBUF_MAX_RESPONSE;
    stream_put_common(client, stream, request->path);
    put_headers(client, stream, request->body ? request->content_type : NULL);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, http_method_name(request->method));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, stream);
    if (request->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->body));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    }
    return stream;
}

void stream_start(struct http_client *client, struct http_stream *stream)
{
    stream->next = client->running;
    stream->link = &client->running;
    if (stream->next)
        stream->next->link = &stream->next;
    client->running = stream;
    if (curl_multi_add_handle(client->multi, stream->easy) != CURLM_OK)
        BUG("curl_multi_add_handle");
}

static void stop(struct http_client *client, struct http_stream *stream)
{
    *stream->link = stream->next;
    if (stream->next)
        stream->next->link = stream->link;
    curl_multi_remove_handle(client->multi, stream->easy);
}

void http_client_send(struct http_client *client, struct http_request *request)
{
    stream_start(client, prepare(client, request));
}

/* -- streams ------------------------------------------------------------------------------------------------------ */

static bool hand_over(struct http_stream *stream, const char *bytes, size_t length)
{
    long status = 0;

    curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
    return status < 200 || stream->receive(stream->context, (int)status, bytes, length);
}

static size_t receive_header(char *bytes, size_t size, size_t count, void *context)
{
    bool last = size * count <= 2 && (*bytes == '\r' || *bytes == '\n');

    return !last || hand_over(context, NULL, 0) ? size * count : 0;
}

bool stream_is_held(const struct http_stream *stream)
{
    return stream->hold && stream->hold(stream->context);
}

static size_t receive_piece(char *bytes, size_t size, size_t count, void *context)
{
    if (stream_is_held(context))
        return CURL_WRITEFUNC_PAUSE;
    return hand_over(context, bytes, size * count) ? size * count : 0;
}

void stream_put_receiver(struct http_stream *stream, http_receive *receive, http_end *end, void *context)
{
    stream->hold = NULL;
    stream->receive = receive;
    stream->end = end;
    stream->context = context;
    curl_easy_setopt(stream->easy, CURLOPT_HEADERFUNCTION, receive_header);
    curl_easy_setopt(stream->easy, CURLOPT_HEADERDATA, stream);
    curl_easy_setopt(stream->easy, CURLOPT_WRITEFUNCTION, receive_piece);
    curl_easy_setopt(stream->easy, CURLOPT_WRITEDATA, stream);
}

struct http_stream *http_client_stream(struct http_client *client,
                                       const char *path,
                                       unsigned timeout_ms,
                                       http_receive *receive,
                                       http_end *end,
                                       void *context)
{
    struct http_stream *stream = stream_get(client);
    CURL *easy = stream->easy;

    stream_put_receiver(stream, receive, end, context);
    stream_put_common(client, stream, path);
    put_headers(client, stream, NULL);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    stream_start(client, stream);
    return stream;
}

void http_client_cancel(struct http_client *client, struct http_stream *stream)
{
    stop(client, stream);
    put_stream(client, stream);
}

/* -- answers ------------------------------------------------------------------------------------------------------ */

static const char *problem_of(const struct http_stream *stream, CURLcode result)
{
    if (stream->body.overflow)
        return "the answer is too large";
    if (result == CURLE_ABORTED_BY_CALLBACK)
        return "the connection ended before the answer came";
    return *stream->problem ? stream->problem : curl_easy_strerror(result);
}

/* Before anything of the request was written, the server cannot have carried it out. */
static bool may_be_done(const struct http_stream *stream)
{
    long sent = 0;

    curl_easy_getinfo(stream->easy, CURLINFO_REQUEST_SIZE, &sent);
    return stream->attempts > 1 || (stream->attempts == 1 && sent > 0);
}

static void fill_response(const struct http_stream *stream, CURLcode result, struct http_response *ret)
{
    struct curl_header *header;
    long status = 0;

    *ret = (struct http_response){ .id = stream->request ? stream->request->id : 0 };
    if (result == CURLE_OK || !stream->request) {
        curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
        if (curl_easy_header(stream->easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
            ret->retry_after_ms = http_retry_after_ms(header->value, time(NULL));
    }
    ret->status = (int)status;
    if (result == CURLE_OK) {
        ret->body = (struct slice){ strbuf_text(&stream->body), stream->body.length };
        return;
    }
    ret->maybe_done = may_be_done(stream);
    ret->problem = problem_of(stream, result);
}

static void finish(struct http_client *client, struct http_stream *stream, CURLcode result)
{
    struct http_response response;

    fill_response(stream, result, &response);
    stop(client, stream);
    if (stream->request)
        client->answer(client->context, &stream->request, &response, stream->serial);
    else
        stream->end(stream->context, &response, stream->serial);
    put_stream(client, stream);
}

void http_client_step(struct http_client *client)
{
    CURLMsg *message;
    int count;

    poller_step(client->poller);
    while ((message = curl_multi_info_read(client->multi, &count))) {
        struct http_stream *stream;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &stream);
        finish(client, stream, message->data.result);
    }
}

void http_client_wait(struct http_client *client, const int *fds, size_t count, int timeout_ms)
{
    poller_wait(client->poller, fds, count, timeout_ms);
}

void http_client_wakeup(struct http_client *client)
{
    poller_wakeup(client->poller);
}

const char *http_client_address(const struct http_client *client)
{
    return client->address;
}

void http_client_destroy(struct http_client *client)
{
    if (!client)
        return;
    while (client->running)
        http_client_cancel(client, client->running);
    while (client->spare) {
        struct http_stream *stream = client->spare;

        client->spare = stream->next;
        free_stream(stream);
    }
    curl_multi_cleanup(client->multi);
    poller_destroy(client->poller);
    curl_slist_free_all(client->connect_to);
    http_settings_finish(&client->settings);
    free(client);
}

/* -- one request at a time ---------------------------------------------------------------------------------------- */

int http_client_perform(
    struct http_client *client, struct http_request *request, int *ret_status, struct strbuf *body, struct error *err)
{
    struct http_stream *stream = prepare(client, request);
    CURLcode result = curl_easy_perform(stream->easy);
    struct http_response response;
    bool failed;

    fill_response(stream, result, &response);
    failed = !response.status;
    if (failed) {
        error_set(err, ERROR_TRANSIENT, "no answer from %s: %s", client->settings.url, response.problem);
    } else {
        strbuf_append(body, response.body.data, response.body.length);
        *ret_status = response.status;
    }
    put_stream(client, stream);
    return failed ? -1 : 0;
}
