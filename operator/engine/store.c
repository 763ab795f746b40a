#include "store.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/strbuf.h"

struct name_key {
    const char *namespace, *name;
};

static bool same_name(const void *value, const void *key)
{
    const struct object *object = value;
    const struct name_key *wanted = key;

    return strcmp(object->name, wanted->name) == 0 && strcmp(object->namespace, wanted->namespace) == 0;
}

static bool same_uid(const void *value, const void *key)
{
    return strcmp(((const struct object *)value)->uid, key) == 0;
}

static bool same_family(const void *value, const void *key)
{
    return strcmp(((const struct family *)value)->of, key) == 0;
}

static uint64_t hash_name(const char *namespace, const char *name)
{
    return map_hash(map_hash(0, namespace), name);
}

void store_init(struct store *store)
{
    *store = (struct store){ 0 };
    for (enum kind kind = 0; kind < KIND_COUNT; kind++)
        map_init(&store->by_name[kind], same_name);
    map_init(&store->by_uid, same_uid);
    for (enum relation relation = 0; relation < RELATIONS; relation++)
        map_init(&store->families[relation], same_family);
}

static void destroy_family(struct family *family)
{
    free(family->of);
    free(family->items);
    free(family);
}

void store_finish(struct store *store)
{
    struct object *object;
    struct family *family;
    size_t at;

    for (enum relation relation = 0; relation < RELATIONS; relation++) {
        for (at = 0; (family = map_next(&store->families[relation], &at));)
            destroy_family(family);
        map_finish(&store->families[relation]);
    }
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        for (at = 0; (object = map_next(&store->by_name[kind], &at));)
            object_destroy(object);
        map_finish(&store->by_name[kind]);
    }
    map_finish(&store->by_uid);
}

const struct object *store_get(const struct store *store, enum kind kind, const char *namespace, const char *name)
{
    struct name_key key = { namespace, name };

    return map_get(&store->by_name[kind], hash_name(namespace, name), &key);
}

const struct object *store_get_owner(const struct store *store, const char *uid)
{
    return map_get(&store->by_uid, map_hash(0, uid), uid);
}

struct family *store_family(const struct store *store, enum relation relation, const char *uid)
{
    return map_get(&store->families[relation], map_hash(0, uid), uid);
}

static const char *reference_text(struct strbuf *text, enum kind kind, const char *namespace, struct slice name)
{
    strbuf_addf(text, "%s/%s/%.*s", kind_info(kind)->plural, namespace, (int)name.length, name.data);
    return strbuf_text(text);
}

struct family *store_referrers(const struct store *store, enum kind kind, const char *namespace, struct slice name)
{
    auto_strbuf struct strbuf text = { 0 };

    return store_family(store, REFERRERS, reference_text(&text, kind, namespace, name));
}

static void join(struct store *store, enum relation relation, const char *of, struct object *object)
{
    struct family *family = store_family(store, relation, of);

    if (!family) {
        family = xcalloc(1, sizeof(*family));
        family->of = xstrdup(of);
        map_put(&store->families[relation], map_hash(0, of), family->of, family);
    }
    grow(family->items, family->count, family->capacity);
    family->items[family->count++] = object;
}

static void leave(struct store *store, enum relation relation, const char *of, struct object *object)
{
    struct family *family = store_family(store, relation, of);

    for (size_t i = 0; i < family->count; i++) {
        if (family->items[i] != object)
            continue;
        family->items[i] = family->items[--family->count];
        break;
    }
    if (family->count)
        return;
    map_remove(&store->families[relation], map_hash(0, of), of);
    destroy_family(family);
}

typedef void change_relation(struct store *store, enum relation relation, const char *of, struct object *object);

/* Joins or leaves all that the object belongs to. */
static void relate(struct store *store, struct object *object, change_relation *change)
{
    const char *at = NULL;
    struct slice name;
    enum kind kind;

    if (object->owner_kind != KIND_COUNT)
        change(store, CHILDREN, object->owner_uid, object);
    else if (*object->grandparent_uid)
        change(store, GRANDCHILDREN, object->grandparent_uid, object);
    while (object_next_reference(object, &at, &kind, &name)) {
        auto_strbuf struct strbuf text = { 0 };

        change(store, REFERRERS, reference_text(&text, kind, object->namespace, name), object);
    }
}

/* Links an object into the indexes beside its name. */
static void link_object(struct store *store, struct object *object)
{
    store->bytes += object_size(object);
    relate(store, object, join);
    if (!kind_info(object->kind)->child)
        map_put(&store->by_uid, map_hash(0, object->uid), object->uid, object);
}

static void unlink_object(struct store *store, struct object *object)
{
    store->bytes -= object_size(object);
    relate(store, object, leave);
    if (!kind_info(object->kind)->child)
        map_remove(&store->by_uid, map_hash(0, object->uid), object->uid);
}

bool store_put(struct store *store, struct object *object)
{
    struct name_key key = { object->namespace, object->name };
    uint64_t hash = hash_name(object->namespace, object->name);
    struct object *before = map_get(&store->by_name[object->kind], hash, &key);

    if (before && strcmp(before->uid, object->uid) == 0 && object->version <= before->version) {
        before->mark = object->mark;
        object_destroy(object);
        return false;
    }
    if (before)
        unlink_object(store, before);
    map_put(&store->by_name[object->kind], hash, &key, object);
    link_object(store, object);
    object_destroy(before);
    return true;
}

void store_take(struct store *store, const struct object *object)
{
    struct name_key key = { object->namespace, object->name };

    unlink_object(store, map_remove(&store->by_name[object->kind], hash_name(object->namespace, object->name), &key));
}
