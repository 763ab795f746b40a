#pragma once
/*
 * One pass over one key: observe, plan, then carry the plan out in order: status, drops and releases, creates and
 * applies, events. What a pass will send is rendered at its start; afterwards it holds only texts, no trees.
 */

#include "queue.h"

struct engine;
struct pass;

/* Starts a pass for a key that has none. It may end at once: nothing to do, or not yet. */
void pass_start(struct engine *engine, struct key *key);

void pass_destroy(struct pass *pass); /* without carrying on; NULL is fine */
