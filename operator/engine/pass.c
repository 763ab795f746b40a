#include "pass.h"

#include <string.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "confirm.h"
#include "log.h"
#include "observe.h"
#include "pass_internal.h"
#include "paths.h"
#include "render.h"
#include "writes.h"

/* What a pass is made from; lives as long as its planning. */
struct drawing {
    struct engine *engine;
    struct key *key;
    const struct controller *controller;
    struct observed in;
    struct plan plan;
    struct arena arena;
};

/* -- is it time? -------------------------------------------------------------------------------------------------- */

static bool still_leaving(const struct engine *engine, const struct key *key, const struct object *self)
{
    const struct family *family = store_family(&engine->store, CHILDREN, self->uid);

    for (size_t i = 0; family && i < family->count; i++)
        for (size_t j = 0; j < key->leaving_count; j++)
            if (!family->items[i]->deleted_at && strcmp(family->items[i]->uid, key->leaving[j]) == 0)
                return true;
    return false;
}

static void forget_leaving(struct key *key)
{
    for (size_t i = 0; i < key->leaving_count; i++)
        free(key->leaving[i]);
    key->leaving_count = 0;
}

static bool has_caught_up(struct engine *engine, const struct key *key, enum kind kind)
{
    const struct reflector *reflector = engine_reflector(engine, kind, key->namespace);

    return reflector->synced && reflector->version >= key->needed[kind];
}

/* A kind that the server does not have counts as empty. */
static bool is_known(struct engine *engine, const struct key *key, enum kind kind)
{
    return has_caught_up(engine, key, kind) || engine_reflector(engine, kind, key->namespace)->absent;
}

static bool does_name(const struct object *self, enum kind wanted)
{
    const char *at = NULL;
    struct slice name;
    enum kind kind;

    while (object_next_reference(self, &at, &kind, &name))
        if (kind == wanted)
            return true;
    return false;
}

/* True when the store shows all that this key's own writes did, and all kinds that its plan looks at. */
static bool may_plan(struct engine *engine,
                     struct key *key,
                     const struct controller *controller,
                     const struct object *self)
{
    if (!has_caught_up(engine, key, key->kind))
        return false;
    for (const enum kind *kind = controller->owns; *kind != KIND_COUNT; kind++)
        if (kind_info(*kind)->optional ? !is_known(engine, key, *kind) : !has_caught_up(engine, key, *kind))
            return false;
    for (const enum kind *kind = controller->regards; *kind != KIND_COUNT; kind++)
        if (!is_known(engine, key, *kind))
            return false;
    for (const enum kind *kind = controller->names; *kind != KIND_COUNT; kind++)
        if (does_name(self, *kind) && !is_known(engine, key, *kind))
            return false;
    if (still_leaving(engine, key, self))
        return false;
    forget_leaving(key);
    return true;
}

/* -- planning ----------------------------------------------------------------------------------------------------- */

/* A refusal was about one object as it was then: not about its next generation, nor another of the same name. */
static void forget_old_refusals(struct key *key, const struct object *self)
{
    for (struct refusal *refusal = key->refusals, *next; refusal; refusal = next) {
        next = refusal->next;
        if (refusal->generation != self->generation || strcmp(refusal->owner_uid, self->uid) != 0)
            refusal_clear(key, refusal->failure.kind, refusal->failure.role);
    }
}

static void show_failures(const struct key *key, struct arena *arena, struct observed *in)
{
    struct failure *failures;
    size_t count = 0;

    for (const struct refusal *refusal = key->refusals; refusal; refusal = refusal->next)
        count++;
    failures = arena_alloc(arena, count * sizeof(*failures));
    in->failures = failures;
    in->failure_count = count;
    for (const struct refusal *refusal = key->refusals; refusal; refusal = refusal->next)
        *failures++ = refusal->failure;
}

static void show_absent(struct engine *engine, const struct object *self, struct observed *in)
{
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        const struct reflector *reflector;

        if (!kind_info(kind)->optional)
            continue;
        reflector = engine_reflector(engine, kind, self->namespace);
        in->absent[kind] = reflector->absent;
        in->forbidden[kind] = reflector->forbidden;
    }
}

static void draw(struct drawing *drawing, const struct object *self, bool confirmed)
{
    struct engine *engine = drawing->engine;
    struct error err;

    plan_init(&drawing->plan, &drawing->arena);
    if (observe(drawing->controller,
                &engine->store,
                self,
                engine_wall_seconds(engine),
                &drawing->arena,
                &drawing->in,
                &err) < 0) {
        observe_refused(&drawing->in, &drawing->plan, &err);
        return;
    }
    drawing->in.confirmed = confirmed;
    drawing->in.agent_image = engine->options.agent_image;
    forget_old_refusals(drawing->key, self);
    show_absent(engine, self, &drawing->in);
    show_failures(drawing->key, &drawing->arena, &drawing->in);
    reports_show(engine, &drawing->arena, &drawing->in);
    asks_show(engine, drawing->key, &drawing->arena, &drawing->in);
    drawing->controller->plan(&drawing->in, &drawing->plan);
}

static void drawing_finish(struct drawing *drawing)
{
    plan_finish(&drawing->plan);
    arena_finish(&drawing->arena);
}

/* -- rendering ---------------------------------------------------------------------------------------------------- */

struct action *pass_add_action(struct pass *pass, enum action_type type, enum kind kind, const char *name)
{
    struct action *action;

    grow(pass->actions, pass->action_count, pass->action_capacity);
    action = &pass->actions[pass->action_count++];
    *action = (struct action){ .type = type, .kind = kind, .name = xstrdup(name), .pass = pass };
    return action;
}

static void render_guard(struct pass *pass, const struct plan *plan, const struct object *self)
{
    bool wanted = plan->guard == GUARD_ON;

    if (plan->guard == GUARD_AS_IT_IS || wanted == self->in_use_finalizer || (wanted && self->deleted_at))
        return;
    pass_add_action(pass, ACTION_GUARD, self->kind, self->name)->request = write_guard(pass->engine, self, wanted);
}

static void render_departures(struct pass *pass, const struct plan *plan)
{
    for (size_t i = 0; i < plan->drop_count && pass->action_count < MAX_WRITES_A_PASS; i++) {
        const struct object *child = plan->drops[i].child;
        struct action *action = pass_add_action(pass, ACTION_DROP, child->kind, child->name);

        action->uid = xstrdup(child->uid);
        action->request = write_delete(pass->engine, child, plan->drops[i].by_force);
    }
    for (size_t i = 0; i < plan->release_count && pass->action_count < MAX_WRITES_A_PASS; i++) {
        struct action *action = pass_add_action(pass, ACTION_RELEASE, plan->releases[i]->kind, plan->releases[i]->name);

        action->request = write_release(pass->engine, plan->releases[i]);
    }
    pass->more |= pass->action_count == MAX_WRITES_A_PASS;
}

/* A template that was refused is left alone until its back-off is over, or for good until the spec changes. */
static bool is_held_back(struct drawing *drawing, const struct want *want)
{
    const struct refusal *refusal =
        refusal_find(drawing->key, want->kind, want->identity.role ? want->identity.role : "");

    if (!refusal)
        return false;
    if (refusal->failure.type == FAILURE_INVALID)
        return true;
    if (refusal->retry_at <= drawing->engine->now)
        return false;
    queue_add_at(&drawing->engine->queue, drawing->key, refusal->retry_at);
    return true;
}

/* With a seed of its own, where the plan asks for something that only its owner shall know. */
static json_t *render_body(const struct drawing *drawing, const struct want *want)
{
    unsigned char seed[SEED_LENGTH];
    struct observed in = drawing->in;

    if (want->mode != WANT_PREPARE)
        return render_child(&in, want);
    drawing->engine->options.random_bytes(seed, sizeof(seed));
    in.seed = seed;
    return render_child(&in, want);
}

static enum action_type action_of(const struct want *want, bool ours)
{
    if (want->mode == WANT_PREPARE)
        return ACTION_PREPARE;
    if (!ours)
        return ACTION_CREATE;
    return want->mode == WANT_APPLY ? ACTION_APPLY : ACTION_SCALE;
}

/* What makes a child that is there the one that is wanted; NULL: it is. */
static struct http_request *render_change(struct drawing *drawing, const struct want *want, const struct object *child)
{
    json_auto_t *body = NULL;

    if (want->mode == WANT_CREATE)
        return write_scale(drawing->engine, child, want->scale);
    body = render_child(&drawing->in, want);
    return render_differs(child, body) ? write_apply(drawing->engine, child, body) : NULL;
}

static void render_want(struct pass *pass, struct drawing *drawing, const struct want *want)
{
    const struct object *self = drawing->in.self;
    const struct object *child = store_get(&pass->engine->store, want->kind, self->namespace, want->name);
    bool ours = child && strcmp(child->owner_uid, self->uid) == 0;
    struct http_request *request = NULL;
    struct action *action;

    if ((ours && render_is_settled(child, want)) || is_held_back(drawing, want))
        return;
    if (ours && !(request = render_change(drawing, want, child)))
        return;
    if (pass->action_count == MAX_WRITES_A_PASS) {
        pass->more = true;
        http_request_destroy(request);
        return;
    }
    if (!request) {
        json_auto_t *body = render_body(drawing, want);

        request = write_create(pass->engine, want->kind, self->namespace, body);
    }
    action = pass_add_action(pass, action_of(want, ours), want->kind, want->name);
    action->role = xstrdup(want->identity.role ? want->identity.role : "");
    action->attempt = want->identity.attempt;
    action->request = request;
}

/* What is prepared goes with something to create, and not alone: all that needs it may be there by now. */
static void hold_prepares(struct pass *pass)
{
    bool creates = false;

    for (size_t i = 0; i < pass->action_count; i++)
        creates |= pass->actions[i].type == ACTION_CREATE;
    for (size_t i = 0; i < pass->action_count; i++) {
        if (pass->actions[i].type != ACTION_PREPARE)
            continue;
        if (creates)
            pass->unprepared++;
        else
            http_request_destroy(take(pass->actions[i].request));
    }
}

/* While something that must be prepared is held back, so is all that follows it. */
static void render_wants(struct pass *pass, struct drawing *drawing)
{
    const struct plan *plan = &drawing->plan;

    for (size_t i = 0; i < plan->want_count; i++) {
        if (plan->wants[i].mode == WANT_PREPARE && is_held_back(drawing, &plan->wants[i]))
            break;
        render_want(pass, drawing, &plan->wants[i]);
    }
    hold_prepares(pass);
}

static struct group *find_group(struct pass *pass, const struct action *action)
{
    for (size_t i = 0; i < pass->group_count; i++)
        if (pass->groups[i].kind == action->kind && strcmp(pass->groups[i].role, action->role) == 0)
            return &pass->groups[i];
    pass->groups[pass->group_count] = (struct group){ .role = action->role, .kind = action->kind, .allowed = 1 };
    return &pass->groups[pass->group_count++];
}

/* Groups point into the array of actions, so this comes when that is complete. */
static void group_actions(struct pass *pass)
{
    pass->groups = xcalloc(pass->action_count, sizeof(*pass->groups));
    for (size_t i = 0; i < pass->action_count; i++)
        if (pass->actions[i].role)
            pass->actions[i].group = find_group(pass, &pass->actions[i]);
}

/* Counts alone wait for their turn: they change with every pod. In a rush they let some pass, and look at each. */
static bool counts_may_wait(struct engine *engine, struct key *key)
{
    int64_t turn = engine->options.timings.lazy_status, due_at = key->status_written_at + turn;

    if (outbox_is_rushed(&engine->outbox, engine->options.window))
        due_at += (RUSHED_TURNS - 1) * turn;
    if (!key->status_written_at || engine->now >= due_at)
        return false;
    queue_add_at(&engine->queue, key, due_at < engine->now + turn ? due_at : engine->now + turn);
    return true;
}

/* Status is the write-ahead log: rendered first, sent first. */
static void render_status_write(struct pass *pass, struct drawing *drawing)
{
    struct engine *engine = pass->engine;
    json_auto_t *before = render_current_status(&drawing->in);
    json_auto_t *after = render_status(&drawing->in, &drawing->plan, before);
    json_auto_t *patch = jb_merge_patch(before, after);

    if (!patch || (drawing->plan.keep_status && drawing->in.self->deleted_at))
        return;
    if (!render_urgent(drawing->controller, before, after) && counts_may_wait(engine, drawing->key))
        return;
    pass->status = write_status(engine, drawing->in.self, patch);
    pass->events = recorder_note(&drawing->plan, drawing->in.self, &pass->event_count);
}

static void forget_unwanted_refusals(struct drawing *drawing)
{
    for (struct refusal *refusal = drawing->key->refusals, *next; refusal; refusal = next) {
        bool wanted = false;

        next = refusal->next;
        for (size_t i = 0; i < drawing->plan.want_count && !wanted; i++) {
            const struct want *want = &drawing->plan.wants[i];

            wanted = want->kind == refusal->failure.kind &&
                     strcmp(want->identity.role ? want->identity.role : "", refusal->failure.role) == 0;
        }
        if (!wanted && refusal->failure.type != FAILURE_INVALID)
            refusal_clear(drawing->key, refusal->failure.kind, refusal->failure.role);
    }
}

static struct pass *render(struct drawing *drawing)
{
    const struct object *self = drawing->in.self;
    struct pass *pass = xcalloc(1, sizeof(*pass));

    *pass = (struct pass){ .engine = drawing->engine,
                           .key = drawing->key,
                           .uid = xstrdup(self->uid),
                           .generation = self->generation,
                           .deleted_at = self->deleted_at,
                           .version = self->version,
                           .started_at = drawing->engine->now };
    render_status_write(pass, drawing);
    render_guard(pass, &drawing->plan, self);
    render_departures(pass, &drawing->plan);
    if (!self->deleted_at)
        render_wants(pass, drawing);
    if (pass->status)
        pass->status->patient = !pass->action_count;
    group_actions(pass);
    forget_unwanted_refusals(drawing);
    return pass;
}

static void set_look_again(struct drawing *drawing)
{
    struct engine *engine = drawing->engine;
    int64_t at = drawing->plan.look_again_at, wait = at * 1000 - engine->wall;

    /* What is due already is what this pass does about it: when that fails, another at once would only repeat it. */
    if (at)
        queue_add_at(&engine->queue, drawing->key, engine->now + (wait > 0 ? wait : GATE_RECHECK_MS));
}

/* Draws the plan; once more when what it wants confirmed has been. False: that is being read. */
static bool draw_confirmed(struct drawing *drawing, const struct object *self)
{
    draw(drawing, self, false);
    if (!drawing->plan.confirm_count)
        return true;
    if (!confirm_is_done(drawing->key, &drawing->plan)) {
        confirm_live(drawing->engine, drawing->key, self, &drawing->plan);
        return false;
    }
    plan_finish(&drawing->plan);
    draw(drawing, self, true);
    return true;
}

/*
 * What a plan asks behind a status that it has to write first is asked by the plan that follows when that was accepted.
 * While it is refused, plans are made of the old status: what they ask must not be forgotten and asked anew each time.
 */
static void plan_and_execute(struct engine *engine, struct key *key, const struct object *self)
{
    struct drawing drawing = { .engine = engine, .key = key, .controller = engine_controller(engine, key->kind) };

    engine->counters.passes++;
    histogram_add(&engine->counters.queue_seconds, (double)(engine->now - key->dirty_since) / 1000);
    if (!draw_confirmed(&drawing, self)) {
        drawing_finish(&drawing);
        return;
    }
    confirm_forget(key);
    set_look_again(&drawing);
    key->pass = render(&drawing);
    if (!key->pass->status || !key->inquiry) /* not before: what is rendered may be made of answers */
        asks_keep(engine, key, &drawing.plan);
    drawing_finish(&drawing);
    pass_advance(key->pass);
}

void pass_start(struct engine *engine, struct key *key)
{
    const struct object *self = store_get(&engine->store, key->kind, key->namespace, key->name);

    if (!self) {
        queue_forget(&engine->queue, key);
        return;
    }
    if (!may_plan(engine, key, engine_controller(engine, key->kind), self)) {
        queue_add_at(&engine->queue, key, engine->now + GATE_RECHECK_MS);
        return;
    }
    plan_and_execute(engine, key, self);
}

void pass_destroy(struct pass *pass)
{
    if (!pass)
        return;
    http_request_destroy(pass->status);
    for (size_t i = 0; i < pass->action_count; i++) {
        struct action *action = &pass->actions[i];

        http_request_destroy(action->request);
        free(action->name);
        free(action->role);
        free(action->uid);
    }
    recorder_free_notes(pass->events, pass->event_count);
    free(pass->actions);
    free(pass->groups);
    free(pass->question);
    free(pass->uid);
    free(pass);
}
