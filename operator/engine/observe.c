#include "observe.h"

#include <string.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "render.h"

static int by_place(const void *a, const void *b)
{
    const struct object *left = *(const struct object *const *)a, *right = *(const struct object *const *)b;
    int order = strcmp(left->role, right->role);

    if (!order)
        order = (left->index > right->index) - (left->index < right->index);
    if (!order)
        order = (left->attempt > right->attempt) - (left->attempt < right->attempt);
    return order ? order : strcmp(left->name, right->name);
}

/* Of one kind, or of all with KIND_COUNT. */
static struct objects members_of(const struct family *family, enum kind kind, struct arena *arena)
{
    const struct object **items;
    size_t count = 0;

    if (!family)
        return (struct objects){ NULL, 0 };
    items = arena_alloc(arena, family->count * sizeof(*items));
    for (size_t i = 0; i < family->count; i++)
        if (kind == KIND_COUNT || family->items[i]->kind == kind)
            items[count++] = family->items[i];
    qsort(items, count, sizeof(*items), by_place);
    return (struct objects){ items, count };
}

static struct objects referred_by(const struct store *store, const struct object *self, struct arena *arena)
{
    const struct object **items = arena_alloc(arena, strlen(self->references) * sizeof(*items)); /* more than enough */
    const char *at = NULL;
    struct slice name;
    size_t count = 0;
    enum kind kind;

    while (object_next_reference(self, &at, &kind, &name)) {
        items[count] = store_get(store, kind, self->namespace, arena_strndup(arena, name.data, name.length));
        count += items[count] != NULL;
    }
    return (struct objects){ items, count };
}

int observe(const struct controller *controller,
            const struct store *store,
            const struct object *self,
            int64_t now,
            struct arena *arena,
            struct observed *ret,
            struct error *err)
{
    const struct family *children = store_family(store, CHILDREN, self->uid);
    const struct family *grandchildren = store_family(store, GRANDCHILDREN, self->uid);

    *ret = (struct observed){ .self = self, .status_text = self->status, .now = now, .arena = arena };
    for (const enum kind *kind = controller->owns; *kind != KIND_COUNT; kind++)
        ret->children[*kind] = members_of(children, *kind, arena);
    for (const enum kind *kind = controller->regards; *kind != KIND_COUNT; kind++)
        ret->grandchildren[*kind] = members_of(grandchildren, *kind, arena);
    ret->referred = referred_by(store, self, arena);
    ret->referrers =
        members_of(store_referrers(store, self->kind, self->namespace, slice_of(self->name)), KIND_COUNT, arena);
    if (object_decode_part(controller->spec, "spec", self->spec, arena, &ret->spec, err) < 0)
        return -1;
    return object_decode_part(controller->status, "status", self->status, arena, &ret->status, err);
}

static void release_children(const struct observed *in, struct plan *out)
{
    for (enum kind kind = 0; kind < KIND_COUNT; kind++)
        for (size_t i = 0; i < in->children[kind].count; i++)
            plan_release(out, in->children[kind].items[i]);
}

void observe_refused(const struct observed *in, struct plan *out, const struct error *err)
{
    json_auto_t *before = render_current_status(in);

    if (in->self->deleted_at) {
        out->keep_status = true;
        release_children(in, out);
        return;
    }
    json_object_update(out->status, before);
    plan_status(out, "conditions", NULL); /* these two are the engine's */
    plan_status(out, "observedGeneration", NULL);
    if (!jb_get(before, "phase"))
        plan_status(out, "phase", jb_str("Pending"));
    plan_status(out, "message", jb_fmt("Kitae cannot read this object: %s", err->message));
    plan_condition(out, "Accepted", false, "InvalidSpec", "%s", err->message);
    plan_condition(out, "Stalled", true, "InvalidSpec", "%s", err->message);
    plan_event(out, true, "InvalidSpec", "Validate", "%s", err->message);
}
