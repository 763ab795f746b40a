#include "plan.h"

#include <stdarg.h>
#include <stdio.h>

#include "../base/jb.h"
#include "../base/memory.h"

void plan_init(struct plan *plan, struct arena *arena)
{
    *plan = (struct plan){ .arena = arena, .status = json_object() };
}

void plan_finish(struct plan *plan)
{
    free(plan->wants);
    free(plan->drops);
    free(plan->releases);
    free(plan->conditions);
    free(plan->events);
    free(plan->confirms);
    free(plan->asks);
    json_decref(plan->status);
    *plan = (struct plan){ 0 };
}

static void add_want(struct plan *out, struct want want)
{
    grow(out->wants, out->want_count, out->want_capacity);
    out->wants[out->want_count++] = want;
}

void plan_create(
    struct plan *out, enum kind kind, const char *name, struct identity identity, late_body *body, bool record)
{
    add_want(out, (struct want){ WANT_CREATE, kind, name, identity, body, .record = record, .scale = SCALE_FREE });
}

void plan_create_scaled(
    struct plan *out, enum kind kind, const char *name, struct identity identity, late_body *body, int scale)
{
    add_want(out, (struct want){ WANT_CREATE, kind, name, identity, body, .scale = scale });
}

void plan_prepare(struct plan *out, enum kind kind, const char *name, int index, late_body *body)
{
    add_want(out,
             (struct want){ .mode = WANT_PREPARE,
                            .kind = kind,
                            .name = name,
                            .identity = { .index = index },
                            .body = body,
                            .scale = SCALE_FREE });
}

void plan_prepare_to_keep(struct plan *out, enum kind kind, const char *name, int index, late_body *body)
{
    add_want(out,
             (struct want){ .mode = WANT_PREPARE,
                            .kind = kind,
                            .name = name,
                            .identity = { .index = index },
                            .body = body,
                            .keep = true,
                            .scale = SCALE_FREE });
}

void plan_apply(struct plan *out, enum kind kind, const char *name, late_body *body)
{
    plan_apply_as(out, kind, name, (struct identity){ 0 }, body);
}

void plan_apply_as(struct plan *out, enum kind kind, const char *name, struct identity identity, late_body *body)
{
    add_want(out, (struct want){ WANT_APPLY, kind, name, identity, body, .scale = SCALE_FREE });
}

static void add_drop(struct plan *out, struct drop drop)
{
    grow(out->drops, out->drop_count, out->drop_capacity);
    out->drops[out->drop_count++] = drop;
}

void plan_drop(struct plan *out, const struct object *child)
{
    if (!child->deleted_at)
        add_drop(out, (struct drop){ .child = child });
}

void plan_drop_by_force(struct plan *out, const struct object *child)
{
    add_drop(out, (struct drop){ .child = child, .by_force = true });
}

void plan_release(struct plan *out, const struct object *child)
{
    if (!child->recorded_finalizer)
        return;
    grow(out->releases, out->release_count, out->release_capacity);
    out->releases[out->release_count++] = child;
}

void plan_status(struct plan *out, const char *field, json_t *value)
{
    jb_set(out->status, field, value);
}

static char *format_text(struct arena *arena, const char *format, va_list args) printf_like(2, 0);

static char *format_text(struct arena *arena, const char *format, va_list args)
{
    char text[1024]; /* the limit of an event's note, and enough for any condition */

    vsnprintf(text, sizeof(text), format, args);
    return arena_strdup(arena, text);
}

static void add_condition(struct plan *out, struct plan_condition condition, const char *format, va_list args)
    printf_like(3, 0);

static void add_condition(struct plan *out, struct plan_condition condition, const char *format, va_list args)
{
    condition.message = format_text(out->arena, format, args);
    grow(out->conditions, out->condition_count, out->condition_capacity);
    out->conditions[out->condition_count++] = condition;
}

void plan_condition(struct plan *out, const char *type, bool status, const char *reason, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_condition(out, (struct plan_condition){ type, status, false, reason, NULL }, format, args);
    va_end(args);
}

void plan_condition_unknown(struct plan *out, const char *type, const char *reason, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_condition(out, (struct plan_condition){ type, false, true, reason, NULL }, format, args);
    va_end(args);
}

void plan_event(struct plan *out, bool warning, const char *reason, const char *action, const char *format, ...)
{
    struct plan_event event = { warning, reason, action, NULL };
    va_list args;

    va_start(args, format);
    event.note = format_text(out->arena, format, args);
    va_end(args);
    grow(out->events, out->event_count, out->event_capacity);
    out->events[out->event_count++] = event;
}

void plan_confirm(struct plan *out, enum kind kind, const char *name)
{
    grow(out->confirms, out->confirm_count, out->confirm_capacity);
    out->confirms[out->confirm_count++] = (struct confirm){ kind, name };
}

void plan_ask(struct plan *out, struct ask ask)
{
    grow(out->asks, out->ask_count, out->ask_capacity);
    out->asks[out->ask_count++] = ask;
}

void plan_guard(struct plan *out, enum guard guard)
{
    out->guard = guard;
}

void plan_look_again(struct plan *out, int64_t at)
{
    if (!out->look_again_at || at < out->look_again_at)
        out->look_again_at = at;
}
