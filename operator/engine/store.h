#pragma once
/*
 * What the watches have told us: every object by its name, and those that stand in one relation to another together.
 * Objects are owned by the store and immutable; a pointer is good until the object is replaced or removed.
 */

#include "../base/map.h"
#include "../model/object.h"

enum relation {
    CHILDREN,      /* by the uid of their controller */
    GRANDCHILDREN, /* whose controller is a child of the object with that uid */
    REFERRERS,     /* custom resources that name an object, by its kind, namespace and name */
    RELATIONS,
};

/* Those that stand in one relation to one object, of all kinds, in no order. */
struct family {
    char *of;
    struct object **items;
    size_t count, capacity;
    bool owner_checked;    /* strays.c: a look at the owner is under way */
    int64_t look_again_at; /* strays.c: when to look the next time, monotonic ms */
};

struct store {
    struct map by_name[KIND_COUNT];
    struct map by_uid; /* objects that can own */
    struct map families[RELATIONS];
    size_t bytes;       /* of all objects */
    uint32_t last_mark; /* of the lists so far; each list marks what it names */
};

void store_init(struct store *store);
void store_finish(struct store *store);

const struct object *store_get(const struct store *store, enum kind kind, const char *namespace, const char *name);
const struct object *store_get_owner(const struct store *store, const char *uid);
struct family *store_family(const struct store *store, enum relation relation, const char *uid); /* NULL: no members */
struct family *store_referrers(const struct store *store, enum kind kind, const char *namespace, struct slice name);

/*
 * Puts an object, which is taken. An older version of one that is there is dropped, unless the uid differs. Returns
 * false when nothing changed.
 */
bool store_put(struct store *store, struct object *take_object);

/* Takes an object out of the store and gives it to the caller; it must be in the store. */
void store_take(struct store *store, const struct object *object);
