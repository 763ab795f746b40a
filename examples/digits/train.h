#pragma once
/*
 * Data-parallel training. All ranks shuffle the digits alike and cut them into the same batches; of each batch a rank
 * takes its shard (position % world), and the gradients of all shards are averaged before every rank takes the same
 * step. So the model does not depend on the number of workers, but for the rounding of sums.
 */

#include <stdint.h>

#include "error.h"
#include "group.h"
#include "options.h"

/* What all ranks must have in common, as a checksum for join(). */
uint64_t train_settings(const struct options *options);

/*
 * Trains, tells how it goes on stdout, and measures: ret_accuracy is the share, 0 to 1, of the held-out digits that
 * the model reads correctly, the same on every rank.
 */
int train(const struct options *options, struct group *group, double *ret_accuracy, struct error *err);
