#pragma once
/* Absence is proved before it is believed: the children of a key, read live and compared with the store. */

#include "queue.h"

struct engine;

/* Reads the pods of self live; then plans again, at once when the store agrees, else when it has caught up. */
void confirm_children(struct engine *engine, struct key *key, const struct object *self);

/* Called back by confirm_children when the store agrees. In pass.c. */
void pass_confirmed(struct engine *engine, struct key *key, const struct object *self);
