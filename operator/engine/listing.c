#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/scan.h"
#include "../base/strbuf.h"
#include "answers.h"
#include "log.h"
#include "paths.h"
#include "reflector.h"
#include "state.h"

enum { LIST_PAGE = 500 };

static bool belongs(const struct reflector *reflector, const struct object *object)
{
    return !reflector->namespace || strcmp(reflector->namespace, object->namespace) == 0;
}

/* Removes what the list just finished did not name. */
static void sweep(struct reflector *reflector)
{
    struct map *map = &reflector->engine->store.by_name[reflector->kind];
    const struct object *object;

    for (size_t at = 0; (object = map_next(map, &at));)
        if (belongs(reflector, object) && object->mark != reflector->mark)
            reflector_remove(reflector, object);
}

static void read_list_metadata(struct reflector *reflector, struct scan *scan, struct arena *arena, uint64_t *version)
{
    struct slice key;

    scan_open(scan, SCAN_OBJECT);
    while (scan_key(scan, &key)) {
        if (slice_is(key, "resourceVersion")) {
            const char *text = scan_string(scan, arena);

            *version = text ? strtoull(text, NULL, 10) : 0;
        } else if (slice_is(key, "continue")) {
            const char *text = scan_string(scan, arena);

            reflector->continue_token = text && *text ? xstrdup(text) : NULL;
        } else {
            scan_skip(scan);
        }
    }
}

static void read_items(struct reflector *reflector, struct scan *scan)
{
    if (scan_peek(scan) == SCAN_NULL) {
        scan_skip(scan);
        return;
    }
    scan_open(scan, SCAN_ARRAY);
    while (scan_item(scan)) {
        struct slice item = scan_raw(scan);

        if (item.data)
            reflector_put(reflector, item);
        reflector->listed++;
    }
}

static int read_page(struct reflector *reflector, struct slice body, struct error *err)
{
    auto_arena struct arena arena = { 0 };
    uint64_t version = 0;
    struct scan scan;
    struct slice key;

    free(take(reflector->continue_token));
    scan_init(&scan, body);
    scan_open(&scan, SCAN_OBJECT);
    while (scan_key(&scan, &key)) {
        if (slice_is(key, "metadata"))
            read_list_metadata(reflector, &scan, &arena, &version);
        else if (slice_is(key, "items"))
            read_items(reflector, &scan);
        else
            scan_skip(&scan);
    }
    if (scan_failed(&scan))
        return scan_error(&scan, err);
    if (!version)
        return error_set(err, ERROR_INVALID, "a list without a resourceVersion");
    reflector->list_version = version;
    return 0;
}

/* What a key wrote may have come and gone between the watch and the list: no event will tell, so it looks again. */
static void wake_writers(const struct reflector *reflector)
{
    struct queue *queue = &reflector->engine->queue;
    struct key *key;

    for (size_t at = 0; (key = map_next(&queue->keys, &at));)
        if (key->needed[reflector->kind] > reflector->listed_from)
            queue_add(queue, key, reflector->engine->now);
}

static void finish_list(struct reflector *reflector)
{
    struct engine *engine = reflector->engine;

    sweep(reflector);
    reflector->version = reflector->list_version; /* not before: whoever waits for a version waits for all objects */
    wake_writers(reflector);
    reflector->lists++;
    reflector->absent = reflector->absent && kind_info(reflector->kind)->optional; /* until its watch is open, too */
    reflector->problem[0] = '\0';
    if (!reflector->synced || reflector->listed)
        log_info("list finished",
                 KV_STR("kind", kind_info(reflector->kind)->name),
                 KV_STR("namespace", reflector->namespace ? reflector->namespace : "all"),
                 KV_INT("objects", reflector->listed),
                 KV_INT("version", reflector->version));
    if (!reflector->synced)
        engine_kind_synced(engine);
    reflector->synced = true;
    reflector->state = REFLECTOR_WAIT_WATCH;
    reflector->wake_at = engine->now;
}

void reflector_is_absent(struct reflector *reflector, int status, const char *why)
{
    struct engine *engine = reflector->engine;
    bool is_news = !reflector->absent;

    if (is_news)
        log_info("the cluster does not have this kind, or not for us; looking again now and then",
                 KV_STR("kind", kind_info(reflector->kind)->name),
                 KV_STR("namespace", reflector->namespace ? reflector->namespace : "all"),
                 KV_INT("status", status),
                 KV_STR("error", why));
    free(take(reflector->continue_token));
    reflector->forbidden = status == 403;
    if (!reflector->forbidden) {
        reflector->mark = ++engine->store.last_mark;
        sweep(reflector);
    }
    reflector->absent = reflector->synced = true;
    reflector->problem[0] = '\0';
    reflector->failures = 0;
    reflector->state = REFLECTOR_WAIT_LIST;
    reflector->wake_at = engine->now + engine->options.timings.optional_retry;
    if (is_news)
        engine_kind_synced(engine);
}

static void list_failed(struct reflector *reflector, const struct http_response *response, const char *why)
{
    struct engine *engine = reflector->engine;

    if (kind_info(reflector->kind)->optional && (response->status == 404 || response->status == 403)) {
        reflector_is_absent(reflector, response->status, why);
        return;
    }
    snprintf(reflector->problem,
             sizeof(reflector->problem),
             "%s: list failed: %.100s",
             kind_info(reflector->kind)->plural,
             why);
    if (!reflector->failures)
        log_warn("list failed",
                 KV_STR("kind", kind_info(reflector->kind)->name),
                 KV_INT("status", response->status),
                 KV_STR("error", why));
    free(take(reflector->continue_token));
    reflector->absent = response->status == 404;
    if (reflector->absent && kind_info(reflector->kind)->child && !reflector->synced) {
        reflector->synced = true; /* counts as empty */
        engine_kind_synced(engine);
    }
    reflector_wait(reflector, REFLECTOR_WAIT_LIST, response->retry_after_ms);
    if (reflector->absent) /* it may be installed at any moment */
        reflector->wake_at = engine->now + reflector->engine->options.timings.absent_retry;
}

static void request_page(struct reflector *reflector);

static void list_answered(struct engine *engine, void *context, const struct http_response *response)
{
    struct reflector *reflector = context;
    struct error err;
    char why[160];

    (void)engine;
    if (response->status == 200 && read_page(reflector, response->body, &err) == 0) {
        if (reflector->continue_token)
            request_page(reflector);
        else
            finish_list(reflector);
        return;
    }
    if (response->status == 410) {
        reflector_list_again(reflector);
        return;
    }
    snprintf(why,
             sizeof(why),
             "%.150s",
             response->status == 200 ? err.message
             : response->problem     ? response->problem
                                     : "");
    if (!why[0])
        answer_message(response->body, why, sizeof(why));
    list_failed(reflector, response, why);
}

static void request_page(struct reflector *reflector)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    struct http_request *request;

    path_collection(&path, reflector->kind, reflector->namespace);
    strbuf_addf(&path, "?limit=%d", LIST_PAGE);
    if (reflector->selector) {
        strbuf_adds(&path, "&labelSelector=");
        strbuf_add_escaped(&path, reflector->selector);
    }
    if (reflector->continue_token) {
        strbuf_adds(&path, "&continue=");
        strbuf_add_escaped(&path, reflector->continue_token);
    } else {
        strbuf_adds(&path, "&resourceVersion=");
    }
    request = http_request_create(HTTP_GET, strbuf_detach(&path), NULL, NULL);
    request->timeout_ms = (unsigned)reflector->engine->options.timings.list_timeout;
    engine_send(reflector->engine, request, list_answered, reflector);
}

void reflector_list(struct reflector *reflector)
{
    reflector->state = REFLECTOR_LISTING;
    reflector->listed = 0;
    reflector->listed_from = reflector->version;
    reflector->mark = ++reflector->engine->store.last_mark;
    request_page(reflector);
}
