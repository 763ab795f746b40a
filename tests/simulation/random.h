#pragma once
/* The one source of chance of a history: everything that differs between two seeds comes from here. */

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

uint64_t random_next(struct random *random);
uint64_t random_below(struct random *random, uint64_t limit);             /* in [0, limit); 0 when limit is 0 */
int64_t random_between(struct random *random, int64_t low, int64_t high); /* both ends included */
bool random_chance(struct random *random, unsigned per_mille);

/* Between low and high, each order of magnitude (by 2) as likely as the next. low >= 1. */
int64_t random_spread(struct random *random, int64_t low, int64_t high);
