#pragma once
/*
 * Children that no plan looks after: those whose owner is gone lose our finalizer, so that nothing hangs; those that
 * left our view without being deleted get their label back. Both only after a live GET.
 */

#include "../model/object.h"

struct engine;

/* A child of ours that was cut off from its owner, and still waits for it. */
bool strays_is_orphan(const struct object *child);

/* A child whose owner is not in the store: look whether it exists, and let the children go if not. */
void strays_check_owner(struct engine *engine, const struct object *child);

void strays_finish(struct engine *engine);

/* Looks at every family without an owner that is due; returns when it wants to be called again. */
int64_t strays_tick(struct engine *engine);

/* A child that a watch reported as deleted, yet without a deletion time. */
void strays_look_for(struct engine *engine, const struct object *child);

/* Puts our label back on a child that a live read showed without it. */
void strays_relabel(struct engine *engine, const struct object *child);
