#pragma once
/* A small generator (splitmix64, Steele and others 2014): the same numbers from the same seed on every machine. */

#include <stdint.h>

struct random {
    uint64_t state; /* the seed; any value will do */
};

uint64_t random_next(struct random *random);

/* A whole number from 0 to limit - 1. The bias of the modulus is far below what training could feel. */
uint32_t random_below(struct random *random, uint32_t limit);

/* Evenly between -1 and 1. */
float random_even(struct random *random);
