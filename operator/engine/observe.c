#include "observe.h"

#include <string.h>

#include "../base/memory.h"

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

static struct objects children_of(const struct family *family, enum kind kind, struct arena *arena)
{
    const struct object **items;
    size_t count = 0;

    if (!family)
        return (struct objects){ NULL, 0 };
    items = arena_alloc(arena, family->count * sizeof(*items));
    for (size_t i = 0; i < family->count; i++)
        if (family->items[i]->kind == kind)
            items[count++] = family->items[i];
    qsort(items, count, sizeof(*items), by_place);
    return (struct objects){ items, count };
}

static int decode_part(const struct fields *type,
                       const char *path,
                       struct slice text,
                       struct arena *arena,
                       const void **ret,
                       struct error *err)
{
    void *part = arena_alloc(arena, type->size);
    struct scan scan;

    if (text.data) {
        scan_init(&scan, text);
        if (fields_decode(type, path, &scan, arena, part, err) < 0)
            return -1;
    }
    *ret = part;
    return 0;
}

int observe(const struct controller *controller,
            const struct store *store,
            const struct object *self,
            int64_t now,
            struct arena *arena,
            struct observed *ret,
            struct error *err)
{
    const struct family *family = store_family(store, self->uid);

    *ret = (struct observed){ .self = self, .status_text = self->status, .now = now, .arena = arena };
    for (const enum kind *kind = controller->owns; *kind != KIND_COUNT; kind++)
        ret->children[*kind] = children_of(family, *kind, arena);
    if (decode_part(controller->spec, "spec", self->spec, arena, &ret->spec, err) < 0)
        return -1;
    return decode_part(controller->status, "status", self->status, arena, &ret->status, err);
}
