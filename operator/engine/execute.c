#include <string.h>

#include "../base/memory.h"
#include "log.h"
#include "pass_internal.h"
#include "strays.h"
#include "writes.h"

enum { TOLD_AFTER = 3 }; /* failed passes in a row, before trouble of the server's goes into status */

/* -- refusals ----------------------------------------------------------------------------------------------------- */

struct refusal *refusal_find(const struct key *key, enum kind kind, const char *role)
{
    for (struct refusal *refusal = key->refusals; refusal; refusal = refusal->next)
        if (refusal->failure.kind == kind && strcmp(refusal->failure.role, role) == 0)
            return refusal;
    return NULL;
}

void refusal_clear(struct key *key, enum kind kind, const char *role)
{
    for (struct refusal **link = &key->refusals, *refusal; (refusal = *link); link = &refusal->next) {
        if (refusal->failure.kind != kind || strcmp(refusal->failure.role, role) != 0)
            continue;
        *link = refusal->next;
        refusal_destroy(refusal);
        return;
    }
}

static struct refusal *refusal_make(struct pass *pass, const struct action *action)
{
    struct refusal *refusal = xcalloc(1, sizeof(*refusal));

    refusal->failure = (struct failure){ .kind = action->kind,
                                         .name = xstrdup(action->name),
                                         .role = xstrdup(action->role),
                                         .message = xstrdup(""),
                                         .since = engine_wall_seconds(pass->engine) };
    refusal->next = pass->key->refusals;
    pass->key->refusals = refusal;
    return refusal;
}

void refusal_record(struct pass *pass,
                    const struct action *action,
                    enum failure_type type,
                    const char *message,
                    unsigned retry_after_ms)
{
    struct engine *engine = pass->engine;
    const struct engine_timings *times = &engine->options.timings;
    struct refusal *refusal = refusal_find(pass->key, action->kind, action->role);
    int64_t delay;

    if (!refusal)
        refusal = refusal_make(pass, action);
    if (refusal->failure.type != type || !*refusal->failure.message) { /* the same trouble keeps its first words */
        free((char *)refusal->failure.message);
        refusal->failure.message = xstrdup(message);
        refusal->failure.type = type;
    }
    refusal->generation = pass->generation;
    free(refusal->owner_uid);
    refusal->owner_uid = xstrdup(pass->uid);
    delay = engine_backoff(engine, refusal->times++, times->key_backoff_min, times->key_backoff_max);
    refusal->retry_at = engine->now + (delay > retry_after_ms ? delay : retry_after_ms);
    engine->counters.refused_writes++;
    log_info("child refused",
             KV_STR("namespace", pass->key->namespace),
             KV_STR("owner", pass->key->name),
             KV_STR("child", action->name),
             KV_STR("error", message));
}

/* -- the end ------------------------------------------------------------------------------------------------------ */

void pass_end(struct pass *pass)
{
    struct engine *engine = pass->engine;
    const struct engine_timings *times = &engine->options.timings;
    struct key *key = pass->key;

    if (pass->outstanding)
        return; /* answers are still to come; the last of them ends it */
    key->pass = NULL;
    histogram_add(&engine->counters.pass_seconds, (double)(engine->now - pass->started_at) / 1000);
    if (pass->failed) {
        int64_t delay = engine_backoff(engine, key->failed_passes++, times->key_backoff_min, times->key_backoff_max);

        engine->counters.pass_errors++;
        key->not_before = engine->now + (delay > pass->retry_after_ms ? delay : pass->retry_after_ms);
        queue_add_at(&engine->queue, key, key->not_before);
    } else {
        key->failed_passes = 0;
        key->not_before = 0;
    }
    if (pass->more)
        key->dirty = true;
    if (key->dirty) {
        key->dirty = false;
        queue_add(&engine->queue, key, engine->now);
    }
    pass_destroy(pass);
}

static void stop_here(struct pass *pass, bool failed, unsigned retry_after_ms)
{
    pass->failed |= failed;
    pass->more = false;
    if (retry_after_ms > pass->retry_after_ms)
        pass->retry_after_ms = retry_after_ms;
    pass->stage = STAGE_EVENTS;
    recorder_free_notes(take(pass->events), pass->event_count);
    pass->event_count = 0;
    pass_end(pass);
}

/* -- settling what is unknown -------------------------------------------------------------------------------------- */

void pass_need(struct pass *pass, enum kind kind, uint64_t version)
{
    if (version > pass->key->needed[kind])
        pass->key->needed[kind] = version;
}

/* Ours: made before, older, or dying. The watch will show which, unless it lost the label that the watch goes by. */
static void found_ours(struct pass *pass, const struct object *live)
{
    pass_need(pass, live->kind, live->version);
    pass->failed = true; /* back off: it may not come into view at once */
    if (!live->managed)
        strays_relabel(pass->engine, live);
}

static void found_stranger(struct pass *pass, const struct action *action)
{
    refusal_record(pass, action, FAILURE_TAKEN, "the name belongs to an object that is not ours", 0);
    queue_add(&pass->engine->queue, pass->key, pass->engine->now); /* to say so */
}

/* The answer to a GET of what a write may have made: the key waits until its watch shows it. */
static void settled(struct engine *engine, void *context, const struct http_response *response)
{
    struct action *action = context;
    struct pass *pass = action->pass;
    struct object *live;
    struct error err;

    (void)engine;
    pass->outstanding--;
    if (answer_classify(response) == ANSWER_OK && object_decode(action->kind, response->body, &live, &err) == 0) {
        if (strcmp(live->owner_uid, pass->uid) == 0)
            found_ours(pass, live);
        else
            found_stranger(pass, action);
        object_destroy(live);
    } else if (answer_classify(response) == ANSWER_NOT_FOUND) {
        queue_add(&pass->engine->queue, pass->key, pass->engine->now); /* it never was, or went: make it then */
    } else {
        pass->failed = true;
    }
    pass_advance(pass);
}

static void settle(struct action *action)
{
    struct pass *pass = action->pass;

    pass->outstanding++;
    engine_send(
        pass->engine, read_object(pass->engine, action->kind, pass->key->namespace, action->name), settled, action);
}

static void status_settled(struct engine *engine, void *context, const struct http_response *response)
{
    struct pass *pass = context;

    (void)engine;
    pass->outstanding--;
    if (response->status == 200)
        pass_need(pass, pass->key->kind, answer_version(response->body));
    stop_here(pass, true, 0);
}

/* -- answers ------------------------------------------------------------------------------------------------------ */

static void log_status_trouble(struct pass *pass, const struct http_response *response)
{
    auto_arena struct arena arena = { 0 };
    const char *message = answer_status(response->body, &arena).message;
    const char *strict = strstr(message, "strict decoding error"); /* behind the whole object, in a 422 */

    if (strict)
        message = strict;
    log_warn("status write refused",
             KV_STR("kind", kind_info(pass->key->kind)->name),
             KV_STR("namespace", pass->key->namespace),
             KV_STR("name", pass->key->name),
             KV_INT("status", response->status),
             KV_STR("error", response->problem ? response->problem : message));
    if (response->status == 400 || strict)
        engine_set_fault(pass->engine,
                         "the %s definition in the cluster is older than this operator: %.200s; apply the newer crds/",
                         kind_info(pass->key->kind)->kind,
                         message);
}

static void status_accepted(struct pass *pass, const struct http_response *response)
{
    struct engine *engine = pass->engine;
    uint64_t version = answer_version(response->body);

    if (version == pass->version && !engine->counters.unchanged_writes++)
        log_error("a status write changed nothing: a bug of ours",
                  KV_STR("namespace", pass->key->namespace),
                  KV_STR("name", pass->key->name));
    engine_clear_fault(engine);
    pass_need(pass, pass->key->kind, version);
    pass->key->status_written_at = engine->now;
    pass->stage = STAGE_DROPS;
    pass_advance(pass);
}

static void status_answered(struct engine *engine, void *context, const struct http_response *response)
{
    struct pass *pass = context;

    pass->outstanding--;
    switch (answer_classify(response)) {
    case ANSWER_OK:
        status_accepted(pass, response);
        break;
    case ANSWER_CONFLICT:
    case ANSWER_EXISTS:
    case ANSWER_NOT_FOUND: /* the watch is about to tell; look again in case it does not */
        engine->counters.conflicts++;
        queue_add_at(&engine->queue, pass->key, engine->now + GATE_RECHECK_MS);
        stop_here(pass, false, 0);
        break;
    case ANSWER_UNKNOWN:
        pass->outstanding++;
        engine_send(
            engine, read_object(engine, pass->key->kind, pass->key->namespace, pass->key->name), status_settled, pass);
        break;
    case ANSWER_INVALID:
    case ANSWER_DENIED:
    case ANSWER_BUSY:
        log_status_trouble(pass, response);
        stop_here(pass, true, response->retry_after_ms);
        break;
    }
}

static void departure_answered(struct engine *engine, void *context, const struct http_response *response)
{
    struct action *action = context;
    struct pass *pass = action->pass;
    struct key *key = pass->key;
    enum answer_class class = answer_classify(response);

    pass->outstanding--;
    if (class == ANSWER_OK && action->type == ACTION_DROP) {
        grow(key->leaving, key->leaving_count, key->leaving_capacity);
        key->leaving[key->leaving_count++] = take(action->uid);
    } else if (class == ANSWER_OK) {
        pass_need(pass, action->kind, answer_version(response->body));
    } else if (class == ANSWER_CONFLICT) { /* another uid by now, as wanted; or it met too many other writes */
        queue_add_at(&engine->queue, key, engine->now + GATE_RECHECK_MS);
    } else if (class != ANSWER_NOT_FOUND) {
        pass->failed = true;
        if (response->retry_after_ms > pass->retry_after_ms)
            pass->retry_after_ms = response->retry_after_ms;
    }
    pass_advance(pass);
}

static void refuse(struct action *action, enum failure_type type, const struct http_response *response)
{
    auto_arena struct arena arena = { 0 };
    const char *message = response->problem ? response->problem : answer_status(response->body, &arena).message;

    action->group->closed = true;
    refusal_record(
        action->pass, action, type, *message ? message : "the server gave no reason", response->retry_after_ms);
    queue_add(&action->pass->engine->queue, action->pass->key, action->pass->engine->now);
}

/* Trouble of the server's own passes by itself as a rule; it is told to people when it does not. */
static void busy(struct action *action, const struct http_response *response)
{
    struct pass *pass = action->pass;

    if (pass->key->failed_passes >= TOLD_AFTER) {
        refuse(action, FAILURE_SERVER, response);
        return;
    }
    action->group->closed = true;
    pass->failed = true;
    if (response->retry_after_ms > pass->retry_after_ms)
        pass->retry_after_ms = response->retry_after_ms;
}

/* What is neither done nor unknown. */
static void not_written(struct action *action, enum answer_class class, const struct http_response *response)
{
    if (class == ANSWER_INVALID)
        refuse(action, FAILURE_INVALID, response);
    else if (class == ANSWER_DENIED || class == ANSWER_NOT_FOUND) /* the namespace is gone, or the kind */
        refuse(action, FAILURE_DENIED, response);
    else
        busy(action, response);
}

/* A name that is taken is this child's: it was made before, and nobody may look. */
static void prepare_answered(struct engine *engine, void *context, const struct http_response *response)
{
    enum answer_class class = answer_classify(response);
    struct action *action = context;
    struct pass *pass = action->pass;

    (void)engine;
    pass->outstanding--;
    if (class == ANSWER_OK || class == ANSWER_EXISTS) {
        pass->unprepared--;
        refusal_clear(pass->key, action->kind, action->role);
    } else if (class == ANSWER_UNKNOWN) {
        pass->failed = true; /* the next pass asks again */
    } else {
        not_written(action, class, response);
    }
    pass_advance(pass);
}

static void write_answered(struct engine *engine, void *context, const struct http_response *response)
{
    enum answer_class class = answer_classify(response);
    struct action *action = context;
    struct pass *pass = action->pass;

    (void)engine;
    pass->outstanding--;
    if (class == ANSWER_OK) {
        pass_need(pass, action->kind, answer_version(response->body));
        action->group->allowed += 2;
        refusal_clear(pass->key, action->kind, action->role);
    } else if (class == ANSWER_EXISTS) {
        action->group->allowed += 1;
        settle(action);
    } else if (class == ANSWER_UNKNOWN) {
        action->group->closed = true;
        pass->failed = true;
        settle(action);
    } else {
        not_written(action, class, response);
        if (response->status == 500) /* a webhook's fault, or etcd's, which may have written it all the same */
            settle(action);
    }
    pass_advance(pass);
}

/*
 * A uid that is another by now is answered 422, as a hook's refusal may be: neither says anything of the owner's spec.
 * When nobody knows whether it was done, the watch will show.
 */
static void scale_answered(struct engine *engine, void *context, const struct http_response *response)
{
    enum answer_class class = answer_classify(response);
    struct action *action = context;
    struct pass *pass = action->pass;

    pass->outstanding--;
    if (class == ANSWER_OK) {
        pass_need(pass, action->kind, answer_version(response->body));
        action->group->allowed += 2;
        refusal_clear(pass->key, action->kind, action->role);
    } else if (class == ANSWER_INVALID || class == ANSWER_DENIED) {
        refuse(action, FAILURE_DENIED, response);
    } else if (class == ANSWER_BUSY) {
        busy(action, response);
    } else if (class == ANSWER_UNKNOWN) {
        pass->failed = true;
    } else {
        queue_add_at(&engine->queue, pass->key, engine->now + GATE_RECHECK_MS);
    }
    pass_advance(pass);
}

/* -- stages ------------------------------------------------------------------------------------------------------- */

/* The ground the plan stood on: the same object, unchanged but for its status, and the right to write. */
static bool still_valid(const struct pass *pass)
{
    const struct engine *engine = pass->engine;
    const struct key *key = pass->key;
    const struct object *self = store_get(&engine->store, key->kind, key->namespace, key->name);

    return engine_may_write(engine) && self && strcmp(self->uid, pass->uid) == 0 &&
           self->generation == pass->generation && self->deleted_at == pass->deleted_at;
}

static void send_action(struct action *action, response_handler *handler)
{
    action->pass->outstanding++;
    engine_send(action->pass->engine, take(action->request), handler, action);
}

static void send_departures(struct pass *pass)
{
    for (size_t i = 0; i < pass->action_count; i++)
        if (!pass->actions[i].group && pass->actions[i].request)
            send_action(&pass->actions[i], departure_answered);
}

static void send_prepares(struct pass *pass)
{
    for (size_t i = 0; i < pass->action_count; i++)
        if (pass->actions[i].type == ACTION_PREPARE && pass->actions[i].request)
            send_action(&pass->actions[i], prepare_answered);
}

static void send_writes(struct pass *pass)
{
    for (size_t i = 0; i < pass->action_count; i++) {
        struct action *action = &pass->actions[i];

        if (action->type == ACTION_PREPARE || !action->group || !action->request || action->group->closed ||
            action->group->sent >= action->group->allowed)
            continue;
        action->group->sent++;
        send_action(action, action->type == ACTION_SCALE ? scale_answered : write_answered);
    }
}

void pass_advance(struct pass *pass)
{
    if (pass->stage == STAGE_STATUS) {
        pass->stage = STAGE_DROPS;
        if (pass->status) {
            pass->outstanding++;
            engine_send(pass->engine, take(pass->status), status_answered, pass);
        }
    }
    if (pass->stage == STAGE_DROPS && !pass->outstanding) {
        pass->stage = STAGE_DROPPING;
        if (still_valid(pass))
            send_departures(pass);
    }
    if (pass->stage == STAGE_DROPPING && !pass->outstanding)
        pass->stage = STAGE_PREPARES;
    if (pass->stage == STAGE_PREPARES) {
        if (!still_valid(pass))
            pass->more = true;
        else if (!pass->outstanding)
            send_prepares(pass);
        if (!pass->outstanding)
            pass->stage = pass->unprepared ? STAGE_EVENTS : STAGE_WRITES;
    }
    if (pass->stage == STAGE_WRITES) {
        if (still_valid(pass))
            send_writes(pass);
        else
            pass->more = true;
        if (!pass->outstanding)
            pass->stage = STAGE_EVENTS;
    }
    if (pass->stage == STAGE_EVENTS && !pass->outstanding) {
        recorder_emit(pass->engine, pass->events, pass->event_count);
        pass_end(pass);
    }
}
