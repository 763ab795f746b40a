#pragma once
/*
 * A hash table of pointers: open addressing, linear probing. It owns neither keys nor values; a value carries its own
 * key, and the owner says how to compare the two. Keys come from the network, so hashes are seeded per process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef bool map_same(const void *value, const void *key);

struct map {
    struct map_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    size_t used; /* slots that are not free: values and tombstones */
    map_same *same;
};

void map_init(struct map *map, map_same *same);
void map_finish(struct map *map); /* values stay the owner's */

void *map_get(const struct map *map, uint64_t hash, const void *key); /* NULL when absent */

/* Stores a value that is not NULL under the key; returns the value that was there before, or NULL. */
void *map_put(struct map *map, uint64_t hash, const void *key, void *value);
void *map_remove(struct map *map, uint64_t hash, const void *key); /* returns what was there, or NULL */

/* Walks all values: start with *at = 0; NULL at the end. The value just returned may be removed, nothing may be put. */
void *map_next(const struct map *map, size_t *at);

/* Hashes text into a running hash; start with 0. */
uint64_t map_hash(uint64_t hash, const char *text);

/* Seeds all hashes of the process; call it before the first map is filled. Tests leave the seed as it is. */
void map_seed(uint64_t seed);
