#include "outside.h"

#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "stream.h"

enum { UNWANTED_MAX = 64 * 1024 }; /* bytes of a body that nobody wants: the answer is good without the rest */

/* A question under way. */
struct asking {
    struct asking *next, **link;
    struct outside *outside;
    struct http_question *question;
    struct http_stream *stream;    /* of the request under way */
    struct curl_slist *connect_to; /* likewise */
    struct http_findings findings;
    struct strbuf body;
    size_t received;
    bool cut; /* we ended the request: enough was read */
    char problem[CURL_ERROR_SIZE];
};

struct outside {
    struct http_client *client;
    outside_answer *answer;
    void *context;
    struct asking *first;
};

struct outside *outside_create(struct http_client *client, outside_answer *answer, void *context)
{
    struct outside *outside = xcalloc(1, sizeof(*outside));

    *outside = (struct outside){ client, answer, context, NULL };
    return outside;
}

static void asking_destroy(struct asking *asking)
{
    *asking->link = asking->next;
    if (asking->next)
        asking->next->link = asking->link;
    curl_slist_free_all(asking->connect_to);
    http_question_destroy(asking->question);
    strbuf_finish(&asking->body);
    free(asking);
}

void outside_destroy(struct outside *outside)
{
    if (!outside)
        return;
    while (outside->first) {
        http_client_cancel(outside->client, outside->first->stream);
        asking_destroy(outside->first);
    }
    free(outside);
}

/* -- one request --------------------------------------------------------------------------------------------------- */

static bool receive(void *context, int status, const char *bytes, size_t length)
{
    struct asking *asking = context;
    size_t wanted = asking->question->body_max;

    (void)status;
    asking->received += length;
    if (wanted)
        strbuf_append(&asking->body, bytes, length);
    asking->cut = asking->received > (wanted ? wanted : UNWANTED_MAX);
    return !asking->cut;
}

/*
 * A server that has several names behind one address chooses by the Host header, and behind TLS by the name in the
 * hello, which curl takes from the URL: then the URL has the name, and the address is where to connect.
 */
static void put_url(struct asking *asking, CURL *easy)
{
    const struct http_question *question = asking->question;
    CURLU *url = question->host ? curl_url() : NULL;
    char *scheme = NULL, *address = NULL, *port = NULL;

    if (url && curl_url_set(url, CURLUPART_URL, question->url, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && strcmp(scheme, "https") == 0 &&
        curl_url_get(url, CURLUPART_HOST, &address, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_HOST, question->host, 0) == CURLUE_OK) {
        auto_strbuf struct strbuf to = { 0 };
        char *whole = NULL;

        strbuf_addf(&to, "::%s:%s", address, port);
        asking->connect_to = curl_slist_append(NULL, strbuf_text(&to));
        curl_easy_setopt(easy, CURLOPT_CONNECT_TO, asking->connect_to);
        curl_url_get(url, CURLUPART_URL, &whole, 0);
        curl_easy_setopt(easy, CURLOPT_URL, whole);
        curl_free(whole);
    } else {
        curl_easy_setopt(easy, CURLOPT_URL, question->url);
    }
    curl_free(scheme);
    curl_free(address);
    curl_free(port);
    curl_url_cleanup(url);
}

/* What would end the line, or the word, is not sent. */
static bool is_plain(const char *host)
{
    for (; *host; host++)
        if ((unsigned char)*host <= ' ' || *host == 127)
            return false;
    return true;
}

static void put_headers(struct http_stream *stream, const struct http_question *question)
{
    if (question->host && is_plain(question->host))
        stream_add_header(stream, "Host", question->host);
    curl_easy_setopt(stream->easy, CURLOPT_HTTPHEADER, stream->headers);
}

static void ended(void *context, const struct http_response *response, uint64_t serial);

static void ask(struct asking *asking)
{
    const struct http_question *question = asking->question;
    struct http_client *client = asking->outside->client;
    struct http_settings settings = { .insecure = !question->checked, .user_agent = client->settings.user_agent };
    struct http_stream *stream = stream_get(client);
    CURL *easy = stream->easy;

    asking->stream = stream;
    asking->received = 0;
    asking->cut = false;
    strbuf_clear(&asking->body);
    curl_slist_free_all(take(asking->connect_to));
    stream_put_receiver(stream, receive, ended, asking);
    stream_put_place(stream);
    http_settings_put(&settings, easy);
    put_url(asking, easy);
    put_headers(stream, question);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)question->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)question->timeout_ms);
    stream_start(client, stream);
}

/* -- what came of it ----------------------------------------------------------------------------------------------- */

static int spent_ms(const struct asking *asking)
{
    curl_off_t us = 0;

    curl_easy_getinfo(asking->stream->easy, CURLINFO_TOTAL_TIME_T, &us);
    return (int)(us / 1000);
}

/* Enough of a body that nobody wants is as good as all of it. */
static bool is_whole(const struct asking *asking, const struct http_response *response)
{
    return response->status && (!response->problem || (asking->cut && !asking->question->body_max));
}

/* How long it took is another number each time: who repeats the question would have news each time. */
static void forget_times(char *text)
{
    static const char *const units[] = { " milliseconds", " ms" };
    char *at = strstr(text, " after "), *end = at ? at + strlen(" after ") : NULL;
    size_t digits = at ? strspn(end, "0123456789") : 0;

    for (size_t i = 0; digits && i < ARRAY_SIZE(units); i++) {
        size_t length = strlen(units[i]);

        if (strncmp(end + digits, units[i], length) != 0)
            continue;
        memmove(at, end + digits + length, strlen(end + digits + length) + 1);
        return;
    }
}

static void note(struct asking *asking, const struct http_response *response)
{
    struct http_findings *findings = &asking->findings;
    int ms = spent_ms(asking);

    findings->count++;
    findings->slowest_ms = ms > findings->slowest_ms ? ms : findings->slowest_ms;
    findings->status = response->status > findings->status ? response->status : findings->status;
    if (is_whole(asking, response)) {
        findings->good += response->status < 400;
        return;
    }
    findings->too_large = asking->cut;
    snprintf(
        asking->problem, sizeof(asking->problem), "%s", asking->cut ? "the answer is too large" : response->problem);
    forget_times(asking->problem);
    findings->problem = asking->problem;
}

static void ended(void *context, const struct http_response *response, uint64_t serial)
{
    struct asking *asking = context;
    struct outside *outside = asking->outside;

    (void)serial;
    note(asking, response);
    if (asking->findings.count < asking->question->count) {
        ask(asking);
        return;
    }
    if (asking->question->body_max)
        asking->findings.body = (struct slice){ strbuf_text(&asking->body), asking->body.length };
    outside->answer(outside->context, &asking->findings);
    asking_destroy(asking);
}

void outside_ask(struct outside *outside, struct http_question *question)
{
    struct asking *asking = xcalloc(1, sizeof(*asking));

    *asking = (struct asking){ .next = outside->first,
                               .link = &outside->first,
                               .outside = outside,
                               .question = question,
                               .findings = { .id = question->id } };
    if (asking->next)
        asking->next->link = &asking->next;
    outside->first = asking;
    ask(asking);
}
