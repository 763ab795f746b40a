#pragma once
/*
 * The workers together: a star, with rank 0 in the middle. Each operation is called by all ranks in the same order and
 * returns on all with the same result, or fails on all with the same words: whoever fails tells rank 0, and rank 0
 * tells everybody. A process that dies is noticed by its closed connection, one that hangs by the timeout.
 *
 * A star moves more through rank 0 than a ring would, which matters for large models and not for this one; in return
 * the sum has one order, by rank, so its bits depend on nothing but the parts.
 */

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "place.h"

enum { GROUP_SUM_MAX = 1 << 14 };

/* Made by join(), which has the rest of a group's beginning. */
struct group {
    int rank, world;
    int64_t timeout;           /* milliseconds for one answer */
    int fds[PLACE_WORLD_MAX];  /* rank 0: connections by rank; others: fds[0] only; -1: none */
    float part[GROUP_SUM_MAX]; /* rank 0: a worker's part of a sum on its way in */
};

/* Replaces values[0 .. count - 1] by their sums over all ranks; count <= GROUP_SUM_MAX. */
int group_sum(struct group *group, float *values, size_t count, struct error *err);

/* Fails when this value is not the same on all ranks. */
int group_same(struct group *group, uint64_t value, struct error *err);

/* Tells the peers why this rank ends, as far as they still listen. Never waits for them. */
void group_tell(struct group *group, const struct error *why);

/* Puts the peer's name into an error of net.h and returns -1. A peer's own words, and signals, stay as they are. */
int group_name_peer(int rank, struct error *err);

/* Closes the connections. */
void group_finish(struct group *group);
