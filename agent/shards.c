#include "shards.h"

#include "../operator/base/memory.h"

void shards_init(struct shards *shards, int world)
{
    *shards = (struct shards){ xcalloc((size_t)world, sizeof(*shards->bytes)), world };
}

void shards_finish(struct shards *shards)
{
    free(shards->bytes);
    *shards = (struct shards){ 0 };
}

int shards_next(struct shards *shards, uint64_t size)
{
    int least = 0;

    for (int rank = 1; rank < shards->world; rank++)
        if (shards->bytes[rank] < shards->bytes[least])
            least = rank;
    shards->bytes[least] += size ? size : 1; /* empty objects are work too */
    return least;
}
