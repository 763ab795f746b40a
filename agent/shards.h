#pragma once
/*
 * Which rank reads what: each key, in its order, goes to the rank with the fewest bytes so far, the lowest of several.
 * So the plan follows from the manifest and the number of ranks alone, is the same after a restart, and no two ranks
 * differ by more than the largest object.
 */

#include <stdint.h>

struct shards {
    uint64_t *bytes; /* by rank */
    int world;
};

void shards_init(struct shards *shards, int world); /* at least 1 */
void shards_finish(struct shards *shards);

/* The rank of the next key. */
int shards_next(struct shards *shards, uint64_t size);
