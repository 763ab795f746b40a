#pragma once
/*
 * Nothing is concluded from silence: what a plan wants confirmed is read live, and when the watches have come as far as
 * those answers, the plan is made again with all of that before its eyes.
 */

#include "queue.h"

struct engine;
struct plan;
struct object;

/* Reads it all, as a pass of the key; then the key is planned again. */
void confirm_live(struct engine *engine, struct key *key, const struct object *self, const struct plan *plan);

/* True when what this plan wants confirmed is what was read for the key last. */
bool confirm_is_done(const struct key *key, const struct plan *plan);
void confirm_forget(struct key *key);
