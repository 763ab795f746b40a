#include "client.h"

#include <string.h>
#include <time.h>

#include "../base/memory.h"

enum { CONNECT_TIMEOUT_MS = 10000, MAX_CONNECTIONS = 40 };

/* A transfer under way: one of ours, with a request, or another user's, with a callback. */
struct transfer {
    struct transfer *next, **link;
    CURL *easy;
    struct curl_slist *headers;
    struct http_request *request; /* NULL: another user's */
    struct strbuf body;
    uint64_t serial;
    http_done *done;
    void *context;
};

struct http_client {
    struct http_settings settings;
    http_headers *headers;
    http_answer *answer;
    void *context;
    CURLM *multi;
    struct transfer *transfers;
    CURL *spare[MAX_CONNECTIONS]; /* easy handles to use again */
    size_t spare_count;
    struct curl_slist *connect_to; /* with tls_server_name: where that name really is */
    char address[64];
};

static void link_transfer(struct http_client *client, struct transfer *transfer)
{
    transfer->next = client->transfers;
    transfer->link = &client->transfers;
    if (transfer->next)
        transfer->next->link = &transfer->next;
    client->transfers = transfer;
}

static void unlink_transfer(struct transfer *transfer)
{
    *transfer->link = transfer->next;
    if (transfer->next)
        transfer->next->link = transfer->link;
}

struct http_client *http_client_create(const struct http_settings *settings,
                                       http_headers *headers,
                                       http_answer *answer,
                                       void *context)
{
    struct http_client *client = xcalloc(1, sizeof(*client));

    *client = (struct http_client){ .settings = *settings, .headers = headers, .answer = answer, .context = context };
    client->connect_to = settings->connect_to ? curl_slist_append(NULL, settings->connect_to) : NULL;
    client->multi = curl_multi_init();
    if (!client->multi)
        BUG("curl_multi_init");
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)MAX_CONNECTIONS);
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return client;
}

void http_client_settings(struct http_client *client, const struct http_settings *settings)
{
    client->settings = *settings;
}

static void put_blob(CURL *easy, CURLoption option, const char *text)
{
    struct curl_blob blob = { (void *)text, text ? strlen(text) : 0, CURL_BLOB_COPY };

    if (text)
        curl_easy_setopt(easy, option, &blob);
}

static void put_tls(const struct http_settings *settings, CURL *easy)
{
    put_blob(easy, CURLOPT_CAINFO_BLOB, settings->ca);
    put_blob(easy, CURLOPT_SSLCERT_BLOB, settings->certificate);
    put_blob(easy, CURLOPT_SSLKEY_BLOB, settings->key);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, settings->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, settings->insecure ? 0L : 2L);
}

/* A handle that has been used keeps its connection, but no option. */
static CURL *get_easy(struct http_client *client)
{
    CURL *easy = client->spare_count ? client->spare[--client->spare_count] : curl_easy_init();

    if (!easy)
        BUG("curl_easy_init");
    curl_easy_reset(easy);
    return easy;
}

static void put_easy(struct http_client *client, CURL *easy)
{
    if (client->spare_count < MAX_CONNECTIONS)
        client->spare[client->spare_count++] = easy;
    else
        curl_easy_cleanup(easy);
}

static struct curl_slist *list_headers(struct http_client *client, uint64_t *ret_serial)
{
    const struct http_header *list;
    size_t count = client->headers(client->context, &list, ret_serial);
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");

    headers = curl_slist_append(headers, "Expect:");
    for (size_t i = 0; i < count; i++) {
        auto_strbuf struct strbuf line = { 0 };

        strbuf_addf(&line, "%s: %s", list[i].name, list[i].value);
        headers = curl_slist_append(headers, strbuf_text(&line));
    }
    return headers;
}

CURL *http_client_easy(struct http_client *client,
                       const char *path,
                       struct curl_slist **ret_headers,
                       uint64_t *ret_serial)
{
    const struct http_settings *settings = &client->settings;
    auto_strbuf struct strbuf url = { 0 };
    CURL *easy = get_easy(client);

    strbuf_addf(&url, "%s%s", settings->url, path);
    *ret_headers = list_headers(client, ret_serial);
    curl_easy_setopt(easy, CURLOPT_URL, strbuf_text(&url));
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, settings->user_agent);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_PROXY, settings->proxy ? settings->proxy : "");
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, client->connect_to);
    put_tls(settings, easy);
    return easy;
}

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    strbuf_append(&transfer->body, bytes, size * count);
    return transfer->body.overflow ? 0 : size * count;
}

static void start(struct http_client *client, struct transfer *transfer)
{
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    link_transfer(client, transfer);
    if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK)
        BUG("curl_multi_add_handle");
}

/* Makes the easy handle of a request, and what it writes to. */
static void prepare(struct http_client *client, struct transfer *transfer, struct http_request *request)
{
    CURL *easy = http_client_easy(client, request->path, &transfer->headers, &transfer->serial);

    transfer->easy = easy;
    transfer->request = request;
    transfer->body.maximum = STRBUF_MAX_RESPONSE;
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, http_method_name(request->method));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    if (request->body) {
        auto_strbuf struct strbuf type = { 0 };

        strbuf_addf(&type, "Content-Type: %s", request->content_type);
        transfer->headers = curl_slist_append(transfer->headers, strbuf_text(&type));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->body));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
}

void http_client_send(struct http_client *client, struct http_request *request)
{
    struct transfer *transfer = xcalloc(1, sizeof(*transfer));

    prepare(client, transfer, request);
    start(client, transfer);
}

/* Before anything of the request was written, the server cannot have carried it out. */
static bool was_sent(CURL *easy)
{
    long sent = 0;

    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    return sent > 0;
}

static void fill_response(CURL *easy, CURLcode result, struct transfer *transfer, struct http_response *ret)
{
    struct curl_header *header;
    long status = 0;

    *ret = (struct http_response){ .id = transfer->request->id };
    if (result != CURLE_OK) {
        ret->maybe_done = was_sent(easy);
        ret->problem = transfer->body.overflow ? "the answer is too large" : curl_easy_strerror(result);
        return;
    }
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    ret->status = (int)status;
    ret->body = (struct slice){ strbuf_text(&transfer->body), transfer->body.length };
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        ret->retry_after_ms = http_retry_after_ms(header->value, time(NULL));
}

static void remember_address(struct http_client *client, CURL *easy)
{
    const char *address = NULL;

    if (curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address && *address)
        snprintf(client->address, sizeof(client->address), "%s", address);
}

static void free_transfer(struct http_client *client, struct transfer *transfer)
{
    unlink_transfer(transfer);
    curl_multi_remove_handle(client->multi, transfer->easy);
    if (!transfer->done)
        put_easy(client, transfer->easy);
    curl_slist_free_all(transfer->headers);
    strbuf_finish(&transfer->body);
    http_request_destroy(transfer->request);
    free(transfer);
}

static void finish(struct http_client *client, struct transfer *transfer, CURLcode result)
{
    struct http_response response;
    http_done *done = transfer->done;
    void *context = transfer->context;
    CURL *easy = transfer->easy;

    if (done) {
        free_transfer(client, transfer);
        done(context, easy, result);
        return;
    }
    fill_response(easy, result, transfer, &response);
    remember_address(client, easy);
    client->answer(client->context, &transfer->request, &response, transfer->serial);
    free_transfer(client, transfer);
}

void http_client_step(struct http_client *client)
{
    CURLMsg *message;
    int count;

    curl_multi_perform(client->multi, &count);
    while ((message = curl_multi_info_read(client->multi, &count))) {
        struct transfer *transfer;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        finish(client, transfer, message->data.result);
    }
}

void http_client_wait(struct http_client *client, const int *fds, size_t count, int timeout_ms)
{
    struct curl_waitfd extra[HTTP_WAIT_FDS];
    unsigned used = 0;

    for (size_t i = 0; i < count && used < HTTP_WAIT_FDS; i++)
        if (fds[i] >= 0)
            extra[used++] = (struct curl_waitfd){ fds[i], CURL_WAIT_POLLIN, 0 };
    curl_multi_poll(client->multi, extra, used, timeout_ms, NULL);
}

void http_client_wakeup(struct http_client *client)
{
    curl_multi_wakeup(client->multi);
}

void http_client_add(struct http_client *client, CURL *easy, http_done *done, void *context)
{
    struct transfer *transfer = xcalloc(1, sizeof(*transfer));

    *transfer = (struct transfer){ .easy = easy, .done = done, .context = context };
    start(client, transfer);
}

void http_client_remove(struct http_client *client, CURL *easy)
{
    struct transfer *transfer;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    free_transfer(client, transfer);
}

const char *http_client_address(const struct http_client *client)
{
    return client->address;
}

void http_client_destroy(struct http_client *client)
{
    if (!client)
        return;
    while (client->transfers)
        free_transfer(client, client->transfers);
    for (size_t i = 0; i < client->spare_count; i++)
        curl_easy_cleanup(client->spare[i]);
    curl_multi_cleanup(client->multi);
    curl_slist_free_all(client->connect_to);
    free(client);
}

/* -- one request at a time ---------------------------------------------------------------------------------------- */

int http_client_perform(
    struct http_client *client, struct http_request *request, int *ret_status, struct strbuf *body, struct error *err)
{
    struct transfer transfer = { 0 };
    CURLcode result;
    long status = 0;

    prepare(client, &transfer, request);
    result = curl_easy_perform(transfer.easy);
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    strbuf_append(body, strbuf_text(&transfer.body), transfer.body.length);
    put_easy(client, transfer.easy);
    curl_slist_free_all(transfer.headers);
    strbuf_finish(&transfer.body);
    http_request_destroy(request);
    if (result != CURLE_OK)
        return error_set(
            err, ERROR_TRANSIENT, "no answer from %s: %s", client->settings.url, curl_easy_strerror(result));
    *ret_status = (int)status;
    return 0;
}
