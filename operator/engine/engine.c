#include "engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "log.h"
#include "pass.h"
#include "state.h"
#include "strays.h"

const struct engine_timings engine_default_timings = {
    .write_timeout = 3900, /* below lease_duration - lease_renew_deadline - 1 s: no write outlives the fence */
    .list_timeout = 60000,
    .watch_min = 300000,
    .watch_max = 600000,
    .watch_slack = 30000,
    .silence = 150000,
    .short_watch = 2000,
    .backoff_min = 800,
    .backoff_max = 30000,
    .absent_retry = 5000,
    .optional_retry = 30000,
    .key_backoff_min = 1000,
    .key_backoff_max = 300000,
    .websocket_retry = 600000,
    .lazy_status = 3000,
    .lease_duration = 15000,
    .lease_renew_deadline = 10000,
    .lease_retry = 2000,
    .event_repeat = 300000,
};

/* -- making and unmaking ------------------------------------------------------------------------------------------ */

static bool same_pending(const void *value, const void *key)
{
    return ((const struct pending *)value)->id == *(const uint64_t *)key;
}

static uint64_t hash_id(uint64_t id)
{
    return id * UINT64_C(0x9e3779b97f4a7c15);
}

struct engine *engine_create(const struct engine_options *options)
{
    struct engine *engine = xcalloc(1, sizeof(*engine));

    engine->options = *options;
    if (!engine->options.window)
        engine->options.window = DEFAULT_WINDOW;
    engine->random = options->seed | 1;
    outbox_init(&engine->outbox);
    engine->strays_at = INT64_MAX;
    map_init(&engine->pending, same_pending);
    store_init(&engine->store);
    queue_init(&engine->queue);
    asks_init(&engine->asks);
    recorder_init(&engine->recorder);
    lease_init(engine);
    reports_init(engine);
    reflectors_init(engine);
    return engine;
}

static void destroy_passes(struct engine *engine)
{
    struct key *key;

    for (size_t at = 0; (key = map_next(&engine->queue.keys, &at));)
        pass_destroy(take(key->pass));
}

static void drop_pending(struct engine *engine)
{
    struct pending *pending;

    for (size_t at = 0; (pending = map_next(&engine->pending, &at));)
        free(pending);
    map_finish(&engine->pending);
}

void engine_destroy(struct engine *engine)
{
    if (!engine)
        return;
    drop_pending(engine);
    destroy_passes(engine);
    strays_finish(engine);
    outbox_finish(&engine->outbox);
    for (size_t i = engine->command_next; i < engine->command_count; i++)
        free(engine->commands[i].path);
    for (size_t i = 0; i < engine->reflector_count; i++)
        reflector_finish(&engine->reflectors[i]);
    free(engine->commands);
    free(engine->reflectors);
    free(engine->fault);
    queue_finish(&engine->queue);
    asks_finish(&engine->asks);
    store_finish(&engine->store);
    recorder_finish(&engine->recorder);
    lease_finish(&engine->lease);
    reports_finish(&engine->reports);
    free(engine);
}

/* -- small services for the other files --------------------------------------------------------------------------- */

uint64_t engine_random(struct engine *engine, uint64_t limit)
{
    uint64_t x = engine->random; /* xorshift64* */

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    engine->random = x;
    x *= UINT64_C(0x2545f4914f6cdd1d);
    return limit ? x % limit : 0;
}

int64_t engine_backoff(struct engine *engine, unsigned step, int64_t minimum, int64_t maximum)
{
    int64_t delay = step < 20 ? minimum << step : maximum;

    if (delay > maximum)
        delay = maximum;
    return delay / 2 + (int64_t)engine_random(engine, (uint64_t)delay / 2 + 1);
}

int64_t engine_wall_seconds(const struct engine *engine)
{
    return engine->wall / 1000;
}

bool engine_may_write(const struct engine *engine)
{
    return lease_is_valid(engine) && !engine->lease.lost && !engine->lease.leaving;
}

const struct controller *engine_controller(const struct engine *engine, enum kind kind)
{
    for (const struct controller *const *at = engine->options.controllers; *at; at++)
        if ((*at)->kind == kind)
            return *at;
    return NULL;
}

void engine_set_fault(struct engine *engine, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    engine->fault_at = engine->now;
    if (engine->fault && strcmp(engine->fault, text) == 0)
        return;
    log_error("not ready", KV_STR("fault", text));
    free(engine->fault);
    engine->fault = xstrdup(text);
}

void engine_clear_fault(struct engine *engine)
{
    free(take(engine->fault));
}

static void wake(struct engine *engine, const struct object *object)
{
    queue_add(&engine->queue, queue_key(&engine->queue, object->kind, object->namespace, object->name), engine->now);
}

/* The key of the owner plans with a child; without an owner in the store somebody must look after it. */
static void child_changed(struct engine *engine, const struct object *child)
{
    bool is_child = child->owner_kind != KIND_COUNT;
    const struct object *owner = store_get_owner(&engine->store, is_child ? child->owner_uid : child->grandparent_uid);

    if (strays_is_orphan(child))
        engine->strays_at = engine->now;
    if (owner)
        wake(engine, owner);
    else if (is_child)
        strays_check_owner(engine, child);
}

static void wake_referrers(struct engine *engine, const struct object *object)
{
    struct family *family = store_referrers(&engine->store, object->kind, object->namespace, slice_of(object->name));

    for (size_t i = 0; family && i < family->count; i++)
        wake(engine, family->items[i]);
}

void engine_wake_referred(struct engine *engine, const struct object *object)
{
    const char *at = NULL;
    struct slice name;
    enum kind kind;

    while (object_next_reference(object, &at, &kind, &name)) {
        auto_free char *text = xstrndup(name.data, name.length);

        if (store_get(&engine->store, kind, object->namespace, text))
            queue_add_at(
                &engine->queue, queue_key(&engine->queue, kind, object->namespace, text), engine->now + REFERRED_MS);
    }
}

/* An owner came, changed or went; `object` may be out of the store already. */
static void owner_changed(struct engine *engine, const struct object *object)
{
    struct family *family = store_family(&engine->store, CHILDREN, object->uid);

    wake(engine, object);
    wake_referrers(engine, object);
    engine_wake_referred(engine, object);
    if (family && !store_get_owner(&engine->store, object->uid))
        strays_check_owner(engine, family->items[0]);
}

void engine_object_changed(struct engine *engine, const struct object *object)
{
    if (engine_controller(engine, object->kind))
        owner_changed(engine, object);
    else
        child_changed(engine, object);
}

void engine_kind_synced(struct engine *engine)
{
    struct key *key;

    for (size_t at = 0; (key = map_next(&engine->queue.keys, &at));)
        queue_add(&engine->queue, key, engine->now);
}

/* -- requests and commands ---------------------------------------------------------------------------------------- */

void engine_send(struct engine *engine, struct http_request *request, response_handler *handler, void *context)
{
    struct pending *pending = xcalloc(1, sizeof(*pending));

    request->id = ++engine->last_id;
    *pending = (struct pending){ .id = request->id,
                                 .handler = handler,
                                 .context = context,
                                 .method = request->method,
                                 .urgent = request->urgent,
                                 .patient = request->patient,
                                 .sent_at = engine->now };
    map_put(&engine->pending, hash_id(request->id), &pending->id, pending);
    outbox_put(&engine->outbox, request);
}

struct http_request *engine_take_request(struct engine *engine)
{
    const struct http_request *next = outbox_next(&engine->outbox, engine->options.window);

    if (!next || (!next->urgent && engine->now < engine->hold_until))
        return NULL;
    if (!next->urgent && next->method != HTTP_GET && !engine_may_write(engine))
        return NULL; /* fenced: the process is about to exit */
    return outbox_take(&engine->outbox, engine->options.window);
}

void engine_add_command(struct engine *engine, struct watch_command command)
{
    grow(engine->commands, engine->command_count, engine->command_capacity);
    engine->commands[engine->command_count++] = command;
}

bool engine_take_watch(struct engine *engine, struct watch_command *ret_command)
{
    if (engine->command_next == engine->command_count) {
        engine->command_next = engine->command_count = 0;
        return false;
    }
    *ret_command = engine->commands[engine->command_next++];
    return true;
}

static void count_response(struct engine *engine, const struct pending *pending, const struct http_response *response)
{
    struct engine_counters *counters = &engine->counters;
    int status = response->status >= 0 && response->status < MAX_STATUS ? response->status : 0;

    counters->requests[pending->method][status]++;
    histogram_add(&counters->request_seconds[pending->method], (double)(engine->now - pending->sent_at) / 1000);
}

static void handle_response(struct engine *engine, const struct http_response *response)
{
    struct pending *pending = map_remove(&engine->pending, hash_id(response->id), &response->id);

    if (!pending)
        BUG("an answer to request %llu, which was not asked", (unsigned long long)response->id);
    outbox_answered(&engine->outbox, pending->urgent, pending->patient);
    count_response(engine, pending, response);
    if (response->status == 429 && response->retry_after_ms &&
        engine->now + response->retry_after_ms > engine->hold_until)
        engine->hold_until = engine->now + response->retry_after_ms;
    pending->handler(engine, pending->context, response);
    free(pending);
}

/* -- stepping ----------------------------------------------------------------------------------------------------- */

/* Enough to keep the window full; more would only cost memory and let old decisions wait. */
static bool has_room(const struct engine *engine)
{
    return engine->outbox.work.waiting < 4 * engine->options.window;
}

static void start_passes(struct engine *engine)
{
    struct key *key;

    if (!engine_may_write(engine) || engine->stopping || engine->reports.state == REPORTS_UNKNOWN)
        return;
    queue_ring(&engine->queue, engine->now);
    while (has_room(engine) && (key = queue_take(&engine->queue, engine->now)))
        pass_start(engine, key);
}

static void handle_watch(struct engine *engine, const struct watch_signal *signal)
{
    if (signal->slot < engine->reflector_count)
        reflector_signal(&engine->reflectors[signal->slot], signal);
}

static void handle(struct engine *engine, const struct event *event)
{
    switch (event->type) {
    case EVENT_TICK:
        break;
    case EVENT_RESPONSE:
        handle_response(engine, event->response);
        break;
    case EVENT_WATCH:
        handle_watch(engine, event->watch);
        break;
    case EVENT_REPORT:
        reports_take(engine, event->report);
        break;
    case EVENT_ANSWER:
        asks_answered(engine, event->findings);
        break;
    case EVENT_STOP:
        engine->stopping = true;
        break;
    }
}

static void wake_at(struct engine *engine, int64_t when)
{
    if (when < engine->next_tick)
        engine->next_tick = when;
}

/* Whoever has just become the leader looks at everything: as a standby it only listened. */
static void note_leadership(struct engine *engine)
{
    bool leads = engine_may_write(engine);

    if (leads && !engine->was_leading) {
        engine->strays_at = engine->now;
        engine->reports.next_look = engine->now;
        for (size_t i = 0; engine->options.leader_elect && i < engine->reflector_count; i++)
            if (engine->reflectors[i].synced)
                reflector_refresh(&engine->reflectors[i]);
    }
    engine->was_leading = leads;
}

static void tick(struct engine *engine)
{
    if (engine->stopping && outbox_is_idle(&engine->outbox))
        lease_release(engine);
    else
        wake_at(engine, lease_tick(engine));
    note_leadership(engine);
    if (engine->stopping)
        return;
    for (size_t i = 0; i < engine->reflector_count; i++)
        wake_at(engine, reflector_tick(&engine->reflectors[i]));
    wake_at(engine, strays_tick(engine));
    wake_at(engine, reports_tick(engine));
    start_passes(engine);
    wake_at(engine, asks_tick(engine));
    if (engine_may_write(engine))
        wake_at(engine, queue_next_alarm(&engine->queue));
}

void engine_step(struct engine *engine, const struct event *event)
{
    engine->now = event->monotonic_ms;
    engine->wall = event->wall_ms;
    if (!engine->started)
        for (size_t i = 0; i < engine->reflector_count; i++)
            reflector_start(&engine->reflectors[i]);
    engine->started = true;
    handle(engine, event);
    engine->next_tick = engine->now;
    if (event->type != EVENT_TICK)
        return; /* whoever drives us delivers what else is there, then a tick: many events, one pass */
    engine->next_tick = INT64_MAX;
    tick(engine);
    if (!outbox_is_idle(&engine->outbox) && engine->hold_until > engine->now)
        wake_at(engine, engine->hold_until);
}

/* -- questions ---------------------------------------------------------------------------------------------------- */

int64_t engine_next_tick(const struct engine *engine)
{
    return engine->next_tick;
}

bool engine_is_ready(const struct engine *engine)
{
    return !*engine_unready_reason(engine);
}

/* A fault that did not come again when it was due has passed: the object it was about may be gone. */
static bool is_at_fault(const struct engine *engine)
{
    return engine->fault && engine->now - engine->fault_at < 2 * engine->options.timings.key_backoff_max;
}

const char *engine_unready_reason(const struct engine *engine)
{
    if (is_at_fault(engine))
        return engine->fault;
    for (size_t i = 0; i < engine->reflector_count; i++) {
        const struct reflector *reflector = &engine->reflectors[i];

        if (!reflector->synced || (reflector->absent && !kind_info(reflector->kind)->child))
            return reflector->problem;
    }
    return "";
}

bool engine_is_leader(const struct engine *engine)
{
    return engine_may_write(engine);
}

bool engine_is_stopped(const struct engine *engine)
{
    return engine->stopping && outbox_is_idle(&engine->outbox) &&
           (!engine->lease.path || engine->lease.released || !lease_is_valid(engine));
}

bool engine_lost_lease(const struct engine *engine)
{
    return engine->lease.lost;
}
