#include "reflector.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/scan.h"
#include "../base/strbuf.h"
#include "answers.h"
#include "log.h"
#include "paths.h"
#include "state.h"
#include "strays.h"

static const struct engine_timings *timings(const struct reflector *reflector)
{
    return &reflector->engine->options.timings;
}

void reflector_start(struct reflector *reflector)
{
    reflector->transport = reflector->engine->options.transport;
    reflector->state = REFLECTOR_WAIT_LIST;
    reflector->wake_at = reflector->engine->now;
    snprintf(reflector->problem, sizeof(reflector->problem), "%s: not listed yet", kind_info(reflector->kind)->plural);
}

void reflector_finish(struct reflector *reflector)
{
    free(take(reflector->continue_token));
}

/* Waits in `state` for the next step of the back-off, or for what the server asked, whichever is longer. */
void reflector_wait(struct reflector *reflector, enum reflector_state state, unsigned retry_after_ms)
{
    struct engine *engine = reflector->engine;
    int64_t delay =
        engine_backoff(engine, reflector->failures, timings(reflector)->backoff_min, timings(reflector)->backoff_max);

    reflector->failures++;
    reflector->state = state;
    reflector->wake_at = engine->now + (delay > retry_after_ms ? delay : retry_after_ms);
}

void reflector_list_again(struct reflector *reflector)
{
    reflector->state = REFLECTOR_WAIT_LIST;
    reflector->wake_at = reflector->engine->now;
    reflector->short_watches = 0;
    free(take(reflector->continue_token));
}

/* -- objects coming and going ------------------------------------------------------------------------------------- */

void reflector_put(struct reflector *reflector, struct slice text)
{
    struct engine *engine = reflector->engine;
    const struct object *known;
    struct object *object;
    struct error err;

    if (object_decode(reflector->kind, text, &object, &err) < 0) {
        log_warn("ignoring an object that cannot be read",
                 KV_STR("kind", kind_info(reflector->kind)->name),
                 KV_STR("error", err.message));
        return;
    }
    if (object->version > reflector->version && reflector->state != REFLECTOR_LISTING)
        reflector->version = object->version;
    known = store_get(&engine->store, object->kind, object->namespace, object->name);
    if (known && strcmp(known->uid, object->uid) != 0)
        reflector_remove(reflector, known); /* another of the same name: that the old one went was not told */
    else if (known && strcmp(known->references, object->references) != 0)
        engine_wake_referred(engine, known);
    object->mark = reflector->mark;
    if (store_put(&engine->store, object))
        engine_object_changed(engine, object);
}

void reflector_remove(struct reflector *reflector, const struct object *object)
{
    struct engine *engine = reflector->engine;

    store_take(&engine->store, object);
    if (!kind_info(object->kind)->child)
        recorder_forget(&engine->recorder, object->uid);
    engine_object_changed(engine, object);
    object_destroy((struct object *)object);
}

/* An object that left our view without being deleted may only have lost its label: look before believing. */
static void removed_event(struct reflector *reflector, struct slice text)
{
    struct engine *engine = reflector->engine;
    struct object *gone;
    const struct object *known;
    struct error err;

    if (object_decode(reflector->kind, text, &gone, &err) < 0)
        return;
    if (gone->version > reflector->version)
        reflector->version = gone->version;
    known = store_get(&engine->store, gone->kind, gone->namespace, gone->name);
    if (known && strcmp(known->uid, gone->uid) == 0)
        reflector_remove(reflector, known);
    if (!gone->deleted_at && kind_info(gone->kind)->child)
        strays_look_for(engine, gone);
    object_destroy(gone);
}

/* -- watching ----------------------------------------------------------------------------------------------------- */

static void start_watch(struct reflector *reflector)
{
    struct engine *engine = reflector->engine;
    const struct engine_timings *times = timings(reflector);
    int64_t length =
        times->watch_min + (int64_t)engine_random(engine, (uint64_t)(times->watch_max - times->watch_min) + 1);
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };

    if (reflector->transport != engine->options.transport && engine->now >= reflector->websocket_again_at)
        reflector->transport = engine->options.transport;
    path_collection(&path, reflector->kind, reflector->namespace);
    strbuf_addf(&path,
                "?watch=true&allowWatchBookmarks=true&resourceVersion=%" PRIu64 "&timeoutSeconds=%" PRId64,
                reflector->version,
                (length + 999) / 1000);
    if (reflector->selector) {
        strbuf_adds(&path, "&labelSelector=");
        strbuf_add_escaped(&path, reflector->selector);
    }
    reflector->state = REFLECTOR_OPENING;
    reflector->messages = 0;
    reflector->opened_at = reflector->heard_at = engine->now;
    reflector->watches++;
    engine_add_command(engine,
                       (struct watch_command){ .open = true,
                                               .slot = reflector->slot,
                                               .serial = ++reflector->serial,
                                               .transport = reflector->transport,
                                               .path = strbuf_detach(&path),
                                               .timeout_ms = (unsigned)(length + times->watch_slack) });
}

static void stop_watch(struct reflector *reflector)
{
    engine_add_command(reflector->engine,
                       (struct watch_command){
                           .slot = reflector->slot, .serial = reflector->serial, .transport = reflector->transport });
    reflector->serial++; /* what still comes of the old one is stale */
}

/* An ERROR event: 410 says that our version is too old, anything else is tried again. */
static void error_event(struct reflector *reflector, struct slice status)
{
    int code = answer_code(status);

    stop_watch(reflector);
    if (code == 410) {
        reflector->restarts_gone++;
        reflector_list_again(reflector);
        return;
    }
    log_warn("watch reports an error", KV_STR("kind", kind_info(reflector->kind)->name), KV_INT("code", code));
    reflector_wait(reflector, code == 500 && reflector->failures < 5 ? REFLECTOR_WAIT_WATCH : REFLECTOR_WAIT_LIST, 0);
}

static void bookmark_event(struct reflector *reflector, struct slice text)
{
    uint64_t version = answer_version(text);

    if (version > reflector->version)
        reflector->version = version;
}

static void read_event(struct reflector *reflector, struct slice message)
{
    auto_arena struct arena arena = { 0 };
    struct slice key, object = { NULL, 0 };
    const char *type = "";
    struct scan scan;

    scan_init(&scan, message);
    scan_open(&scan, SCAN_OBJECT);
    while (scan_key(&scan, &key)) {
        if (slice_is(key, "type"))
            type = scan_string(&scan, &arena);
        else if (slice_is(key, "object"))
            object = scan_raw(&scan);
        else
            scan_skip(&scan);
    }
    if (scan_failed(&scan) || !object.data) {
        log_warn("a watch event that cannot be read; listing again", KV_STR("kind", kind_info(reflector->kind)->name));
        stop_watch(reflector);
        reflector_wait(reflector, REFLECTOR_WAIT_LIST, 0);
    } else if (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0) {
        reflector_put(reflector, object);
    } else if (strcmp(type, "DELETED") == 0) {
        removed_event(reflector, object);
    } else if (strcmp(type, "BOOKMARK") == 0) {
        bookmark_event(reflector, object);
    } else if (strcmp(type, "ERROR") == 0) {
        error_event(reflector, object);
    }
}

/* After three refused upgrades in a row this watch goes by chunked HTTP, for a while. */
static void count_refusal(struct reflector *reflector, const struct watch_signal *signal)
{
    struct engine *engine = reflector->engine;

    if (!signal->upgrade_refused || reflector->transport == WATCH_HTTP) {
        reflector->refused_upgrades = 0;
        return;
    }
    if (++reflector->refused_upgrades < 3 || engine->options.transport_fixed)
        return;
    log_warn("the websocket upgrade keeps being refused; this watch goes by chunked HTTP for now",
             KV_STR("kind", kind_info(reflector->kind)->name),
             KV_INT("status", signal->http_status),
             KV_STR("error", signal->problem));
    reflector->transport = WATCH_HTTP;
    reflector->websocket_again_at = engine->now + timings(reflector)->websocket_retry;
    reflector->refused_upgrades = 0;
    reflector->failures = 0;
    reflector->fallbacks++;
}

static void watch_refused(struct reflector *reflector, const struct watch_signal *signal)
{
    /* An upgrade may be refused so by a proxy: what counts is what a list says, or a watch without upgrade. */
    bool is_denied = kind_info(reflector->kind)->optional && signal->http_status == 403;

    if (!reflector->failures && !reflector->absent)
        log_warn("watch refused",
                 KV_STR("kind", kind_info(reflector->kind)->name),
                 KV_INT("status", signal->http_status),
                 KV_STR("error", signal->problem));
    count_refusal(reflector, signal);
    if (is_denied && reflector->transport == WATCH_HTTP) {
        reflector_is_absent(reflector, signal->http_status, signal->problem);
        return;
    }
    if (signal->http_status == 410 || signal->http_status == 404 || is_denied) {
        reflector->restarts_gone++;
        reflector_wait(reflector, REFLECTOR_WAIT_LIST, signal->retry_after_ms);
        return;
    }
    reflector_wait(reflector, REFLECTOR_WAIT_WATCH, signal->retry_after_ms);
}

static void watch_closed(struct reflector *reflector, const struct watch_signal *signal)
{
    struct engine *engine = reflector->engine;
    bool is_short = engine->now - reflector->opened_at < timings(reflector)->short_watch && !reflector->messages;

    log_debug("watch ended",
              KV_STR("kind", kind_info(reflector->kind)->name),
              KV_INT("messages", reflector->messages),
              KV_STR("why", signal->problem));
    reflector->restarts_closed++;
    reflector->short_watches = is_short ? reflector->short_watches + 1 : 0;
    if (reflector->short_watches >= 2) {
        reflector->restarts_gone++;
        reflector->short_watches = 0;
        reflector_wait(reflector, REFLECTOR_WAIT_LIST, 0);
    } else if (is_short) {
        reflector_wait(reflector, REFLECTOR_WAIT_WATCH, 0);
    } else {
        reflector->failures = 0;
        reflector->state = REFLECTOR_WAIT_WATCH;
        reflector->wake_at = engine->now;
    }
}

/* An optional kind came, and can be watched. */
static void note_presence(struct reflector *reflector)
{
    if (!reflector->absent)
        return;
    reflector->absent = reflector->forbidden = false;
    log_info("the cluster has this kind now", KV_STR("kind", kind_info(reflector->kind)->name));
    engine_kind_synced(reflector->engine);
}

void reflector_signal(struct reflector *reflector, const struct watch_signal *signal)
{
    if (signal->serial != reflector->serial ||
        (reflector->state != REFLECTOR_OPENING && reflector->state != REFLECTOR_WATCHING))
        return;
    reflector->heard_at = reflector->engine->now;
    switch (signal->type) {
    case WATCH_OPENED:
        reflector->state = REFLECTOR_WATCHING;
        reflector->refused_upgrades = 0;
        note_presence(reflector);
        break;
    case WATCH_MESSAGE:
        reflector->state = REFLECTOR_WATCHING;
        reflector->messages++;
        reflector->events++;
        reflector->bytes += signal->message.length;
        reflector->failures = 0;
        note_presence(reflector);
        read_event(reflector, signal->message);
        break;
    case WATCH_CLOSED:
        if (signal->refused)
            watch_refused(reflector, signal);
        else
            watch_closed(reflector, signal);
        break;
    }
}

/* Nothing heard for too long, not even a bookmark: the connection may be dead or mute. */
static void check_silence(struct reflector *reflector)
{
    struct engine *engine = reflector->engine;

    if (engine->now - reflector->heard_at < timings(reflector)->silence)
        return;
    log_info("watch is silent; reconnecting", KV_STR("kind", kind_info(reflector->kind)->name));
    reflector->restarts_silent++;
    stop_watch(reflector);
    /* not one message: our version may lie in the future of a restored etcd, and only a list tells */
    reflector_wait(reflector, reflector->messages ? REFLECTOR_WAIT_WATCH : REFLECTOR_WAIT_LIST, 0);
}

int64_t reflector_tick(struct reflector *reflector)
{
    int64_t now = reflector->engine->now;

    if (reflector->state == REFLECTOR_WAIT_LIST && now >= reflector->wake_at)
        reflector_list(reflector);
    if (reflector->state == REFLECTOR_WAIT_WATCH && now >= reflector->wake_at)
        start_watch(reflector);
    if (reflector->state == REFLECTOR_WATCHING || reflector->state == REFLECTOR_OPENING)
        check_silence(reflector);
    switch (reflector->state) {
    case REFLECTOR_WAIT_LIST:
    case REFLECTOR_WAIT_WATCH:
        return reflector->wake_at;
    case REFLECTOR_LISTING:
        return INT64_MAX;
    default:
        return reflector->heard_at + timings(reflector)->silence;
    }
}

void reflector_refresh(struct reflector *reflector)
{
    if (reflector->state == REFLECTOR_OPENING || reflector->state == REFLECTOR_WATCHING)
        stop_watch(reflector);
    reflector->synced = reflector->absent = reflector->forbidden = false;
    if (reflector->state != REFLECTOR_LISTING)
        reflector_list_again(reflector);
}
