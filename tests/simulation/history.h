#pragma once
/* One history from its seed: a busy time, a calm one, and the judgement. */

#include "world.h"

/* The world as it stood at the end; finish it with history_finish. `print`: every line of the trace goes to stderr. */
void history_run(struct world *world, uint64_t seed, bool keep_trace, bool print);
bool history_serves(uint64_t seed); /* it has ServingEndpoints */
void history_finish(struct world *world);
void history_print_trace(const struct world *world); /* the last lines */
