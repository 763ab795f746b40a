#include "asks.h"

#include <string.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "answers.h"
#include "prometheus.h"
#include "state.h"

/* A question under way: whose it is. The key, or its question, may be gone when the answer comes. */
struct flight {
    uint64_t id;
    enum ask_type type;
    enum kind kind;
    char *namespace, *name;
};

static bool same_flight(const void *value, const void *id)
{
    return ((const struct flight *)value)->id == *(const uint64_t *)id;
}

static uint64_t hash_id(uint64_t id)
{
    return id * UINT64_C(0x9e3779b97f4a7c15);
}

void asks_init(struct asks *asks)
{
    *asks = (struct asks){ .next_due = INT64_MAX };
    asks->waiting_end = &asks->waiting;
    map_init(&asks->flights, same_flight);
}

static void flight_destroy(struct flight *flight)
{
    free(flight->namespace);
    free(flight->name);
    free(flight);
}

void asks_finish(struct asks *asks)
{
    struct flight *flight;

    for (size_t at = 0; (flight = map_next(&asks->flights, &at));)
        flight_destroy(flight);
    map_finish(&asks->flights);
    for (struct http_question *question = asks->waiting, *next; question; question = next) {
        next = question->next;
        http_question_destroy(question);
    }
}

void asks_keep(struct engine *engine, struct key *key, const struct plan *plan)
{
    if (!plan->ask_count) {
        inquiry_destroy(take(key->inquiry));
        return;
    }
    if (!key->inquiry)
        key->inquiry = inquiry_create(&engine->asks.inquiries, key);
    inquiry_replace(key->inquiry, plan, engine->now);
    engine->asks.next_due = engine->now;
}

void asks_show(const struct engine *engine, const struct key *key, struct arena *arena, struct observed *in)
{
    struct answer *shown;

    in->has_prometheus = engine->options.prometheus_url != NULL;
    in->can_probe = engine->options.can_probe;
    if (!key->inquiry)
        return;
    shown = arena_alloc(arena, key->inquiry->count * sizeof(*shown));
    in->answers = shown;
    for (size_t i = 0; i < key->inquiry->count; i++)
        if (key->inquiry->items[i].is_answered)
            shown[in->answer_count++] = key->inquiry->items[i].answer;
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static enum ask_result result_of(const struct answer *answer)
{
    return answer->error ? ASK_FAILED : answer->good < answer->count ? ASK_BAD : ASK_GOOD;
}

/* The flight is over; its key is planned again, unless nobody wants to know any more. */
static void settle(struct engine *engine, struct flight *flight, const struct answer *answer)
{
    struct key *key = queue_find(&engine->queue, flight->kind, flight->namespace, flight->name);
    struct asked *asked = key && key->inquiry ? inquiry_find(key->inquiry, flight->id) : NULL;

    map_remove(&engine->asks.flights, hash_id(flight->id), &flight->id);
    engine->asks.counts[flight->type][result_of(answer)]++;
    engine->asks.next_due = engine->now; /* there is room for another */
    flight_destroy(flight);
    if (!asked)
        return;
    asked_settle(asked, answer);
    queue_add(&engine->queue, key, engine->now);
}

static struct answer probe_answer(const struct http_findings *findings)
{
    struct answer answer = { .count = findings->count, .good = findings->good };

    if (!findings->good && findings->problem) {
        answer.error = findings->problem;
        return answer;
    }
    answer.status = findings->status;
    answer.slowest_ms = findings->slowest_ms;
    return answer;
}

static struct answer query_answer(const struct http_findings *findings, struct arena *arena)
{
    struct answer answer = { 0 };
    struct error err;

    if (findings->too_large)
        answer.error = "the query gives far more than one number: aggregate it, for instance with sum(...)";
    else if (findings->problem)
        answer.error = arena_printf(arena, "no answer from Prometheus: %s", findings->problem);
    else if (prometheus_value(findings->status, findings->body, arena, &answer.value, &err) < 0)
        answer.error = arena_strdup(arena, err.message);
    return answer;
}

void asks_answered(struct engine *engine, const struct http_findings *findings)
{
    struct flight *flight = map_get(&engine->asks.flights, hash_id(findings->id), &findings->id);
    auto_arena struct arena arena = { 0 };
    struct answer answer;

    if (!flight)
        BUG("an answer to question %llu, which was not asked", (unsigned long long)findings->id);
    answer = flight->type == ASK_PROBE ? probe_answer(findings) : query_answer(findings, &arena);
    settle(engine, flight, &answer);
}

/* The object without what only servers read; NULL when it is none, or more than anybody looks at. */
static char *object_text(struct slice body)
{
    json_auto_t *object = NULL;
    auto_free char *text = NULL;
    struct error err;

    if (jb_parse(body, &object, &err) < 0 || !json_is_object(object))
        return NULL;
    jb_set(jb_child_object(object, "metadata"), "managedFields", NULL);
    text = jb_dump(object, false);
    return strlen(text) > INQUIRY_MAX_BODY ? NULL : take(text);
}

static const char *why_not_read(const struct http_response *response, struct arena *arena)
{
    if (response->problem)
        return arena_printf(arena, "the API server did not answer: %s", response->problem);
    if (response->status == 404)
        return NO_SUCH_OBJECT;
    return arena_printf(arena, "it cannot be read: %s", answer_status(response->body, arena).message);
}

static void object_answered(struct engine *engine, void *context, const struct http_response *response)
{
    auto_arena struct arena arena = { 0 };
    auto_free char *text = NULL;
    struct answer answer = { 0 };

    if (response->status != 200)
        answer.error = why_not_read(response, &arena);
    else if (!(text = object_text(response->body)))
        answer.error = arena_printf(&arena, "it is no object of at most %d KiB", INQUIRY_MAX_BODY / 1024);
    else
        answer.text = slice_of(text);
    settle(engine, context, &answer);
}

/* -- asking -------------------------------------------------------------------------------------------------------- */

static char *query_url(const struct engine *engine, const struct ask *ask)
{
    struct strbuf url = { .maximum = 2 * INQUIRY_MAX_BODY };

    strbuf_addf(&url, "%s/api/v1/query?timeout=%dms&query=", engine->options.prometheus_url, ask->timeout_ms);
    strbuf_add_escaped(&url, ask->query ? ask->query : "");
    return strbuf_detach(&url);
}

static void ask_outside(struct engine *engine, const struct ask *ask, uint64_t id)
{
    bool is_query = ask->type == ASK_QUERY;
    struct http_question *question = xcalloc(1, sizeof(*question));

    *question = (struct http_question){ .id = id,
                                        .url = is_query ? query_url(engine, ask) : xstrdup(ask->url ? ask->url : ""),
                                        .host = ask->host && !is_query ? xstrdup(ask->host) : NULL,
                                        .count = is_query ? 1 : ask->count,
                                        .timeout_ms = (unsigned)ask->timeout_ms,
                                        .checked = is_query,
                                        .body_max = is_query ? INQUIRY_MAX_BODY : 0 };
    *engine->asks.waiting_end = question;
    engine->asks.waiting_end = &question->next;
}

static void ask_server(struct engine *engine, const struct ask *ask, struct flight *flight)
{
    struct http_request *request = http_request_create(HTTP_GET, xstrdup(ask->path ? ask->path : "/"), NULL, NULL);

    request->timeout_ms = (unsigned)ask->timeout_ms;
    engine_send(engine, request, object_answered, flight);
}

static void ask_now(struct engine *engine, const struct key *key, struct asked *asked)
{
    static const struct answer no_prometheus = { .error = "there is no Prometheus to ask: give --prometheus-url to "
                                                          "kitae run" };
    struct asks *asks = &engine->asks;
    struct flight *flight = xcalloc(1, sizeof(*flight));

    *flight =
        (struct flight){ ++asks->last_id, asked->ask.type, key->kind, xstrdup(key->namespace), xstrdup(key->name) };
    map_put(&asks->flights, hash_id(flight->id), &flight->id, flight);
    asked->flight = flight->id;
    asked->asked_at = engine_wall_seconds(engine);
    asked->due_at = engine->now + (int64_t)asked->ask.every_s * 1000;
    if (asked->ask.type == ASK_OBJECT)
        ask_server(engine, &asked->ask, flight);
    else if (asked->ask.type == ASK_QUERY && !engine->options.prometheus_url)
        settle(engine, flight, &no_prometheus);
    else
        ask_outside(engine, &asked->ask, flight->id);
}

/* One question of each key that has one due, while there is room. False: none had, and next_due is right. */
static bool ask_round(struct engine *engine)
{
    struct asks *asks = &engine->asks;
    int64_t next = INT64_MAX;
    bool any = false;

    for (size_t left = asks->inquiries.count; left && asks->flights.count < ASKS_MAX_IN_FLIGHT; left--) {
        struct inquiry *inquiry = asks->inquiries.first;
        struct asked *due = inquiry_due(inquiry, engine->now, &next);

        inquiry_take_turn(inquiry);
        if (due)
            ask_now(engine, inquiry->key, due);
        any |= due != NULL;
    }
    if (!any)
        asks->next_due = next;
    return any;
}

int64_t asks_tick(struct engine *engine)
{
    struct asks *asks = &engine->asks;

    if (!engine_may_write(engine) || engine->stopping)
        return INT64_MAX;
    while (engine->now >= asks->next_due && asks->flights.count < ASKS_MAX_IN_FLIGHT)
        if (!ask_round(engine))
            break;
    return asks->flights.count < ASKS_MAX_IN_FLIGHT ? asks->next_due : INT64_MAX;
}

struct http_question *engine_take_question(struct engine *engine)
{
    struct asks *asks = &engine->asks;
    struct http_question *question = asks->waiting;

    if (!question)
        return NULL;
    asks->waiting = take(question->next);
    if (!asks->waiting)
        asks->waiting_end = &asks->waiting;
    return question;
}
