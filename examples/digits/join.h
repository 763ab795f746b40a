#pragma once
/* How a group comes together: rank 0 listens and waits for everybody, the others find it and say who they are. */

#include <stdint.h>

#include "group.h"
#include "place.h"

/*
 * Initialises the group and waits until all ranks are here, at most `patience` milliseconds; `timeout` is for one
 * answer afterwards. `settings` must be the same on all ranks. The group must be finished even on failure. A group of
 * one needs no network.
 */
int join(struct group *group,
         const struct place *place,
         uint64_t settings,
         int64_t patience,
         int64_t timeout,
         struct error *err);
