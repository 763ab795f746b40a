#include "dry_run.h"

#include <string.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "observe.h"
#include "render.h"

/* What a pass is made from. */
struct rehearsal {
    const struct controller *controller;
    struct store store;
    struct arena arena;
    struct observed in;
    struct plan plan;
};

static void rehearsal_finish(struct rehearsal *all)
{
    plan_finish(&all->plan);
    store_finish(&all->store);
    arena_finish(&all->arena);
}

/* Puts one object into the store; *ret is the store's. */
static int put_object(struct store *store, const json_t *value, const struct object **ret, struct error *err)
{
    enum kind kind = kind_find(jb_get_str(value, "apiVersion"), jb_get_str(value, "kind"));
    auto_free char *text = jb_dump(value, false);
    struct object *object;

    if (kind == KIND_COUNT)
        return error_set(err,
                         ERROR_INVALID,
                         "'%s' of '%s' is no kind that Kitae knows",
                         jb_get_str(value, "kind"),
                         jb_get_str(value, "apiVersion"));
    if (object_decode(kind, slice_of(text), &object, err) < 0)
        return -1;
    if (store_get(store, kind, object->namespace, object->name)) {
        error_set(err, ERROR_INVALID, "%s %s is there twice", kind_info(kind)->kind, object->name);
        object_destroy(object);
        return -1;
    }
    store_put(store, object);
    *ret = object;
    return 0;
}

static int put_objects(struct store *store, const json_t *objects, const struct object **ret_self, struct error *err)
{
    const struct object *object = NULL;

    for (size_t i = 0; i < json_array_size(objects); i++) {
        if (put_object(store, json_array_get(objects, i), &object, err) < 0)
            return -1;
        if (i == 0)
            *ret_self = object;
    }
    return json_array_size(objects) ? 0 : error_set(err, ERROR_INVALID, "there is no object");
}

static int make_plan(struct rehearsal *all, const struct dry_run_input *in, struct error *err)
{
    const struct object *self = NULL;
    struct error refusal;

    if (put_objects(&all->store, in->objects, &self, err) < 0)
        return -1;
    all->controller = controller_find(self->kind);
    if (!all->controller)
        return error_set(err, ERROR_INVALID, "nothing is planned for a %s", kind_info(self->kind)->kind);
    if (observe(all->controller, &all->store, self, in->now, &all->arena, &all->in, &refusal) < 0) {
        observe_refused(&all->in, &all->plan, &refusal);
        return 0;
    }
    all->in.confirmed = in->confirmed;
    all->in.agent_image = in->agent_image ? in->agent_image : DEFAULT_AGENT_IMAGE;
    all->in.reports = in->reports;
    all->in.report_count = in->report_count;
    all->in.reporting = in->reporting;
    all->in.answers = in->answers;
    all->in.answer_count = in->answer_count;
    all->in.has_prometheus = in->has_prometheus;
    all->in.can_probe = !in->is_outside;
    memcpy(all->in.absent, in->absent, sizeof(all->in.absent));
    memcpy(all->in.forbidden, in->forbidden, sizeof(all->in.forbidden));
    all->in.failures = in->failures;
    all->in.failure_count = in->failure_count;
    all->controller->plan(&all->in, &all->plan);
    return 0;
}

/* -- what it says -------------------------------------------------------------------------------------------------- */

static json_t *name_of(enum kind kind, const char *name)
{
    return jb_fmt("%s/%s", kind_info(kind)->name, name);
}

static void say(json_t *summary, const char *list, json_t *take_value)
{
    jb_append(jb_child_array(summary, list), take_value);
}

static void say_events(const struct plan *plan, json_t *summary)
{
    for (size_t i = 0; i < plan->event_count; i++) {
        const struct plan_event *event = &plan->events[i];

        say(summary,
            "events",
            OBJ({ "type", jb_str(event->warning ? "Warning" : "Normal") },
                { "reason", jb_str(event->reason) },
                { "action", jb_str(event->action) },
                { "note", jb_str(event->note) }));
    }
}

/* Events go with a change of the status, as in the engine; without one both are left out. */
static void say_status(const struct rehearsal *all, json_t *summary)
{
    json_auto_t *before = render_current_status(&all->in);
    json_auto_t *after = render_status(&all->in, &all->plan, before);

    if (json_equal(before, after) || (all->plan.keep_status && all->in.self->deleted_at))
        return;
    jb_set(summary, "status", take(after));
    say_events(&all->plan, summary);
}

static void say_departures(const struct plan *plan, json_t *summary)
{
    for (size_t i = 0; i < plan->drop_count; i++)
        say(summary,
            plan->drops[i].by_force ? "dropsByForce" : "drops",
            name_of(plan->drops[i].child->kind, plan->drops[i].child->name));
    for (size_t i = 0; i < plan->release_count; i++)
        say(summary, "releases", name_of(plan->releases[i]->kind, plan->releases[i]->name));
}

/* With an arena of its own: what a late body leaves behind would add up over thousands of pods. */
static json_t *render(const struct observed *in, const struct want *want)
{
    auto_arena struct arena arena = { 0 };
    struct observed own = *in;

    own.arena = &arena;
    return render_child(&own, want);
}

/* {deployment/chat-1: 3} */
static void say_scale(json_t *summary, const struct want *want)
{
    json_auto_t *name = name_of(want->kind, want->name);

    jb_set(jb_child_object(summary, "scales"), json_string_value(name), jb_int(want->scale));
}

static void say_want(const struct rehearsal *all, const struct want *want, struct dry_run *run)
{
    const struct object *self = all->in.self;
    const struct object *child = store_get(&all->store, want->kind, self->namespace, want->name);
    bool ours = child && strcmp(child->owner_uid, self->uid) == 0;
    json_auto_t *body = NULL;

    if (ours && render_is_settled(child, want))
        return;
    if (ours && want->mode == WANT_CREATE) {
        say_scale(run->summary, want);
        return;
    }
    body = render(&all->in, want);
    if (ours && !render_differs(child, body))
        return;
    say(run->summary, ours ? "applies" : "creates", name_of(want->kind, want->name));
    jb_append(run->bodies, take(body));
}

static void say_asks(const struct plan *plan, json_t *summary)
{
    static const char *const types[] = { "probe", "query", "object" };

    for (size_t i = 0; i < plan->ask_count; i++) {
        const struct ask *ask = &plan->asks[i];

        say(summary,
            "asks",
            OBJ({ "key", jb_str(ask->key) },
                { "type", jb_str(types[ask->type]) },
                { "url", jb_str(ask->url) },
                { "host", jb_str(ask->host) },
                { "count", ask->type == ASK_PROBE ? jb_int(ask->count) : NULL },
                { "query", jb_str(ask->query) },
                { "path", jb_str(ask->path) },
                { "every", jb_int(ask->every_s) }));
    }
}

/* "pod/train-worker-0"; a star for all of a kind. */
static void say_confirms(const struct plan *plan, json_t *summary)
{
    for (size_t i = 0; i < plan->confirm_count; i++)
        say(summary,
            "confirms",
            name_of(plan->confirms[i].kind, plan->confirms[i].name ? plan->confirms[i].name : "*"));
}

static void say_plan(const struct rehearsal *all, struct dry_run *run)
{
    const struct plan *plan = &all->plan;

    if (plan->confirm_count && !all->in.confirmed) {
        say_confirms(plan, run->summary);
        return;
    }
    if (plan->guard == GUARD_ON && !all->in.self->in_use_finalizer)
        jb_set(run->summary, "guard", jb_str("on"));
    if (plan->guard == GUARD_OFF && all->in.self->in_use_finalizer)
        jb_set(run->summary, "guard", jb_str("off"));
    say_status(all, run->summary);
    say_departures(plan, run->summary);
    for (size_t i = 0; i < plan->want_count && !all->in.self->deleted_at; i++)
        say_want(all, &plan->wants[i], run);
    say_asks(plan, run->summary);
    if (plan->look_again_at)
        jb_set(run->summary, "lookAgainAt", jb_str(fields_format_time(all->in.arena, plan->look_again_at)));
}

/* Only of what is understood. */
static void say_preview(const struct rehearsal *all, struct dry_run *run)
{
    if (all->controller->preview && all->in.spec && !all->in.self->deleted_at)
        run->preview = xstrdup(all->controller->preview(&all->in));
}

int dry_run(const struct dry_run_input *in, struct dry_run *ret, struct error *err)
{
    struct rehearsal all = { 0 };
    int result;

    store_init(&all.store);
    plan_init(&all.plan, &all.arena);
    result = make_plan(&all, in, err);
    if (result == 0) {
        *ret = (struct dry_run){ .summary = json_object(), .bodies = json_array() };
        say_plan(&all, ret);
        say_preview(&all, ret);
    }
    rehearsal_finish(&all);
    return result;
}

void dry_run_finish(struct dry_run *run)
{
    json_decref(run->summary);
    json_decref(run->bodies);
    free(run->preview);
    *run = (struct dry_run){ 0 };
}
