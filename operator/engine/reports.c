#include "reports.h"

#include <stdlib.h>
#include <string.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "../base/scan.h"
#include "answers.h"
#include "log.h"
#include "reports_setup.h"

enum {
    EARLY_MS = 1000, /* a report may come so much earlier */
    KEEP_TOKEN_MS = 300000,
    KEEP_REFUSED_MS = 60000,
    SWEEP_MS = 60000,
    MAX_REFUSED_TOKEN = 16384,
};

struct pod_report {
    char *uid, *namespace, *pod, *owner_uid, *text;
    int64_t at_ms, at; /* monotonic, wall (seconds) */
};

/* Whose token it is; uid NULL: nobody's who may report. */
struct known_token {
    char *token, *namespace, *pod, *uid;
    int64_t until;
};

/* -- making and unmaking ------------------------------------------------------------------------------------------- */

static bool same_pod(const void *value, const void *key)
{
    return strcmp(((const struct pod_report *)value)->uid, key) == 0;
}

static bool same_token(const void *value, const void *key)
{
    return strcmp(((const struct known_token *)value)->token, key) == 0;
}

void reports_init(struct engine *engine)
{
    struct reports *reports = &engine->reports;

    *reports = (struct reports){ .state = engine->options.report_url ? REPORTS_UNKNOWN : REPORTS_OFF };
    reports->told.url = engine->options.report_url;
    map_init(&reports->by_pod, same_pod);
    map_init(&reports->tokens, same_token);
}

static void free_report(struct pod_report *report)
{
    free(report->uid);
    free(report->namespace);
    free(report->pod);
    free(report->owner_uid);
    free(report->text);
    free(report);
}

static void free_token(struct known_token *known)
{
    free(known->token);
    free(known->namespace);
    free(known->pod);
    free(known->uid);
    free(known);
}

static void end_review(struct report_review *review)
{
    free(review->token);
    free(review->text);
    *review = (struct report_review){ 0 };
}

void reports_finish(struct reports *reports)
{
    struct pod_report *report;
    struct known_token *known;

    for (size_t at = 0; (report = map_next(&reports->by_pod, &at));)
        free_report(report);
    for (size_t at = 0; (known = map_next(&reports->tokens, &at));)
        free_token(known);
    for (int i = 0; i < REPORT_MAX_REVIEWS; i++)
        end_review(&reports->reviews[i]);
    map_finish(&reports->by_pod);
    map_finish(&reports->tokens);
    certificate_finish(&reports->authority);
    certificate_finish(&reports->served);
    free(reports->version);
    free(reports->problem);
    free(reports->replies);
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static void reply(struct engine *engine, uint64_t id, int status, unsigned retry_after, const char *text)
{
    struct reports *reports = &engine->reports;

    engine->counters.reports[status]++;
    grow(reports->replies, reports->reply_count, reports->reply_capacity);
    reports->replies[reports->reply_count++] = (struct report_reply){ id, status, retry_after, text };
}

bool engine_take_reply(struct engine *engine, struct report_reply *ret)
{
    struct reports *reports = &engine->reports;

    if (reports->reply_next == reports->reply_count) {
        reports->reply_next = reports->reply_count = 0;
        return false;
    }
    *ret = reports->replies[reports->reply_next++];
    return true;
}

/* -- whose report it is -------------------------------------------------------------------------------------------- */

/* The object that the pod works for; NULL: none of ours. */
static const struct object *owner_of(const struct engine *engine, const struct known_token *known)
{
    const struct object *pod = store_get(&engine->store, KIND_POD, known->namespace, known->pod);

    if (!pod || strcmp(pod->uid, known->uid) != 0)
        return NULL;
    return store_get_owner(&engine->store, pod->owner_kind != KIND_COUNT ? pod->owner_uid : pod->grandparent_uid);
}

static void keep(struct engine *engine, const struct known_token *known, const struct object *owner, struct slice text)
{
    struct reports *reports = &engine->reports;
    uint64_t hash = map_hash(0, known->uid);
    struct pod_report *report = map_get(&reports->by_pod, hash, known->uid);

    if (!report) {
        report = xcalloc(1, sizeof(*report));
        report->uid = xstrdup(known->uid);
        report->namespace = xstrdup(known->namespace);
        report->pod = xstrdup(known->pod);
        map_put(&reports->by_pod, hash, report->uid, report);
    }
    free(report->owner_uid);
    free(report->text);
    report->owner_uid = xstrdup(owner->uid);
    report->text = xstrndup(text.data, text.length);
    report->at_ms = engine->now;
    report->at = engine_wall_seconds(engine);
    queue_add(&engine->queue, queue_key(&engine->queue, owner->kind, owner->namespace, owner->name), engine->now);
}

static void accept(struct engine *engine, const struct known_token *known, uint64_t id, struct slice text)
{
    const struct object *owner = known->uid ? owner_of(engine, known) : NULL;
    const struct pod_report *last =
        known->uid ? map_get(&engine->reports.by_pod, map_hash(0, known->uid), known->uid) : NULL;

    if (!known->uid) {
        reply(engine, id, 401, 0, "the token is none of a pod for this audience");
    } else if (!owner) {
        reply(engine, id, 403, 0, "the pod works for no object of Kitae");
    } else if (last && engine->now - last->at_ms < REPORT_EVERY_MS - EARLY_MS) {
        reply(engine, id, 429, REPORT_EVERY_MS / 1000, "a pod reports every 10 seconds");
    } else {
        keep(engine, known, owner, text);
        reply(engine, id, 204, 0, "");
    }
}

/* -- token reviews ------------------------------------------------------------------------------------------------- */

static const char *extra(const json_t *user, const char *key)
{
    const char *value = json_string_value(json_array_get(jb_get(jb_get(user, "extra"), key), 0));

    return value ? value : "";
}

/* "system:serviceaccount:<namespace>:<name>"; the caller frees it. */
static char *namespace_of(const char *user)
{
    static const char prefix[] = "system:serviceaccount:";

    if (strncmp(user, prefix, sizeof(prefix) - 1) != 0)
        return NULL;
    user += sizeof(prefix) - 1;
    return xstrndup(user, strcspn(user, ":"));
}

static bool is_for_us(const json_t *status)
{
    const json_t *audiences = jb_get(status, "audiences");

    for (size_t i = 0; i < json_array_size(audiences); i++) {
        const char *one = json_string_value(json_array_get(audiences, i));

        if (one && strcmp(one, REPORT_AUDIENCE) == 0)
            return json_is_true(jb_get(status, "authenticated"));
    }
    return false;
}

/* A server that does not know audiences says none: such a token proves nothing to us. */
static struct known_token *read_review(const struct engine *engine, const json_t *review, const char *token)
{
    const json_t *status = jb_get(review, "status"), *user = jb_get(status, "user");
    const char *pod = extra(user, "authentication.kubernetes.io/pod-name"),
               *uid = extra(user, "authentication.kubernetes.io/pod-uid");
    struct known_token *known = xcalloc(1, sizeof(*known));

    *known = (struct known_token){ .token = xstrdup(token), .until = engine->now + KEEP_REFUSED_MS };
    if (!is_for_us(status) || !*pod || !*uid)
        return known;
    known->namespace = namespace_of(jb_get_str(user, "username"));
    if (!known->namespace)
        return known;
    known->pod = xstrdup(pod);
    known->uid = xstrdup(uid);
    known->until = engine->now + KEEP_TOKEN_MS;
    return known;
}

static void reviewed(struct engine *engine, void *context, const struct http_response *response)
{
    struct reports *reports = &engine->reports;
    struct report_review *review = context;
    json_auto_t *body = NULL;
    struct known_token *known, *old;
    struct error err;

    if (response->status != 201 || jb_parse(response->body, &body, &err) < 0) {
        reply(engine, review->id, 503, REPORT_EVERY_MS / 1000, "the token could not be reviewed");
        if (answer_classify(response) == ANSWER_DENIED && !reports->under_way)
            reports_try(engine); /* finds out, and tells */
        end_review(review);
        return;
    }
    known = read_review(engine, body, review->token);
    old = map_remove(&reports->tokens, map_hash(0, known->token), known->token);
    if (old)
        free_token(old);
    map_put(&reports->tokens, map_hash(0, known->token), known->token, known);
    accept(engine, known, review->id, slice_of(review->text));
    end_review(review);
}

static bool is_object(struct slice text)
{
    struct scan scan;

    scan_init(&scan, text);
    if (scan_peek(&scan) != SCAN_OBJECT)
        return false;
    scan_skip(&scan);
    scan_end(&scan);
    return !scan_failed(&scan);
}

/* NULL: all are taken. */
static struct report_review *free_review(struct reports *reports)
{
    for (int i = 0; i < REPORT_MAX_REVIEWS; i++)
        if (!reports->reviews[i].token)
            return &reports->reviews[i];
    return NULL;
}

void reports_take(struct engine *engine, const struct report_call *call)
{
    struct reports *reports = &engine->reports;
    const struct known_token *known = map_get(&reports->tokens, map_hash(0, call->token), call->token);
    struct report_review *review = free_review(reports);

    if (!engine_may_write(engine) || engine->stopping || reports->state != REPORTS_ON) {
        reply(engine, call->id, 503, 1, "this replica takes no reports now: try again, on another connection");
    } else if (!*call->token || strlen(call->token) > MAX_REFUSED_TOKEN) {
        reply(engine, call->id, 401, 0, "show the token in Authorization: Bearer");
    } else if (call->body.length > REPORT_MAX || !is_object(call->body)) {
        reply(engine, call->id, 400, 0, "a report is a JSON object of at most 4096 bytes");
    } else if (known && known->until > engine->now) {
        accept(engine, known, call->id, call->body);
    } else if (!review) {
        reply(engine, call->id, 429, 1, "too many tokens are being reviewed");
    } else {
        *review =
            (struct report_review){ call->id, xstrdup(call->token), xstrndup(call->body.data, call->body.length) };
        reports_review(engine, review->token, reviewed, review);
    }
}

/* -- forgetting ---------------------------------------------------------------------------------------------------- */

static bool is_gone(const struct engine *engine, const struct pod_report *report)
{
    const struct object *pod = store_get(&engine->store, KIND_POD, report->namespace, report->pod);

    return !pod || strcmp(pod->uid, report->uid) != 0;
}

static void sweep(struct engine *engine)
{
    struct reports *reports = &engine->reports;
    struct pod_report *report;
    struct known_token *known;

    for (size_t at = 0; (report = map_next(&reports->by_pod, &at));)
        if (is_gone(engine, report)) {
            map_remove(&reports->by_pod, map_hash(0, report->uid), report->uid);
            free_report(report);
        }
    for (size_t at = 0; (known = map_next(&reports->tokens, &at));)
        if (known->until <= engine->now) {
            map_remove(&reports->tokens, map_hash(0, known->token), known->token);
            free_token(known);
        }
}

int64_t reports_tick(struct engine *engine)
{
    struct reports *reports = &engine->reports;

    if (reports->state == REPORTS_OFF)
        return INT64_MAX;
    if (!reports->under_way && engine->now >= reports->next_look)
        reports_look(engine);
    if (engine->now >= reports->next_sweep) {
        sweep(engine);
        reports->next_sweep = engine->now + SWEEP_MS;
    }
    return reports->under_way || reports->next_sweep < reports->next_look ? reports->next_sweep : reports->next_look;
}

/* -- plans --------------------------------------------------------------------------------------------------------- */

void reports_show(const struct engine *engine, struct arena *arena, struct observed *in)
{
    const struct reports *reports = &engine->reports;
    const struct pod_report *report;
    struct report *shown;

    if (reports->state == REPORTS_OFF)
        return;
    in->reporting = &reports->told;
    shown = arena_alloc(arena, reports->by_pod.count * sizeof(*shown));
    in->reports = shown;
    for (size_t at = 0; (report = map_next(&reports->by_pod, &at));)
        if (strcmp(report->owner_uid, in->self->uid) == 0 && !is_gone(engine, report))
            shown[in->report_count++] = (struct report){ report->pod, report->at, slice_of(report->text) };
}
