#include "map.h"

#include "error.h"
#include "memory.h"

struct map_slot {
    uint64_t hash;
    void *value; /* NULL: free; &tombstone: removed */
};

static char tombstone;
static uint64_t hash_seed = UINT64_C(0x9e3779b97f4a7c15);

void map_seed(uint64_t seed)
{
    hash_seed = seed;
}

uint64_t map_hash(uint64_t hash, const char *text)
{
    hash ^= hash_seed;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32;
    return hash * UINT64_C(0xd6e8feb86659fd93);
}

void map_init(struct map *map, map_same *same)
{
    *map = (struct map){ .same = same };
}

void map_finish(struct map *map)
{
    free(map->slots);
    map_init(map, map->same);
}

/* The slot that holds the key, or the free one where the search ended; capacity must not be 0. */
static struct map_slot *find(const struct map *map, uint64_t hash, const void *key)
{
    for (size_t at = hash & (map->capacity - 1);; at = (at + 1) & (map->capacity - 1)) {
        struct map_slot *slot = &map->slots[at];

        if (!slot->value)
            return slot;
        if (slot->value != &tombstone && slot->hash == hash && map->same(slot->value, key))
            return slot;
    }
}

void *map_get(const struct map *map, uint64_t hash, const void *key)
{
    return map->capacity ? find(map, hash, key)->value : NULL;
}

/* Moves everything to a table with room for as much again; tombstones stay behind. */
static void rehash(struct map *map)
{
    struct map old = *map;

    map->capacity = 16;
    while (map->capacity < 2 * old.count + 2)
        map->capacity *= 2;
    map->slots = xcalloc(map->capacity, sizeof(*map->slots));
    map->used = map->count;
    for (size_t i = 0; i < old.capacity; i++) {
        size_t at = old.slots[i].hash & (map->capacity - 1);

        if (!old.slots[i].value || old.slots[i].value == &tombstone)
            continue;
        while (map->slots[at].value)
            at = (at + 1) & (map->capacity - 1);
        map->slots[at] = old.slots[i];
    }
    free(old.slots);
}

void *map_put(struct map *map, uint64_t hash, const void *key, void *value)
{
    struct map_slot *slot;
    void *before;

    if (!value)
        BUG("a map holds no NULL");
    if (map->used + 1 > map->capacity / 4 * 3)
        rehash(map);
    slot = find(map, hash, key);
    before = slot->value;
    *slot = (struct map_slot){ hash, value };
    if (!before) {
        map->count++;
        map->used++;
    }
    return before;
}

void *map_remove(struct map *map, uint64_t hash, const void *key)
{
    struct map_slot *slot = map->capacity ? find(map, hash, key) : NULL;
    void *value = slot ? slot->value : NULL;

    if (!value)
        return NULL;
    slot->value = &tombstone;
    map->count--;
    return value;
}

void *map_next(const struct map *map, size_t *at)
{
    while (*at < map->capacity) {
        void *value = map->slots[(*at)++].value;

        if (value && value != &tombstone)
            return value;
    }
    return NULL;
}
