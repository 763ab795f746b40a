#pragma once
/*
 * This process' place among the workers, from the environment that Kitae sets for `framework: PyTorch`: MASTER_ADDR,
 * MASTER_PORT, WORLD_SIZE and RANK; without WORLD_SIZE the PET_ variables of torchrun; with neither it is alone.
 */

#include "error.h"

enum { PLACE_WORLD_MAX = 256 };

struct place {
    int rank;            /* 0 to world - 1; rank 0 is the master, whom the others find */
    int world;           /* 1 to PLACE_WORLD_MAX processes */
    const char *address; /* the master's name; borrowed from the environment, NULL when alone */
    int port;
};

int place_from_environment(struct place *ret_place, struct error *err);
