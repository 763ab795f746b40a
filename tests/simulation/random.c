#include "random.h"

uint64_t random_next(struct random *random)
{
    uint64_t x = random->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t random_below(struct random *random, uint64_t limit)
{
    return limit ? random_next(random) % limit : 0;
}

int64_t random_between(struct random *random, int64_t low, int64_t high)
{
    return high <= low ? low : low + (int64_t)random_below(random, (uint64_t)(high - low) + 1);
}

bool random_chance(struct random *random, unsigned per_mille)
{
    return per_mille && random_below(random, 1000) < per_mille;
}

int64_t random_spread(struct random *random, int64_t low, int64_t high)
{
    unsigned doublings = 0;
    int64_t base;

    while (low << (doublings + 1) <= high)
        doublings++;
    base = low << random_below(random, doublings + 1);
    return random_between(random, base, 2 * base < high ? 2 * base : high);
}
