#pragma once
/* Absence is proved before it is believed: an object that the store does not have is read live. */

#include "queue.h"

struct engine;

/* Reads the object of self's namespace; then plans again, at once when it is not there, else when it has come into
 * view. */
void confirm_absence(
    struct engine *engine, struct key *key, const struct object *self, enum kind kind, const char *name);

/* Called back by confirm_absence when the object is not there. In pass.c. */
void pass_confirmed(struct engine *engine, struct key *key, const struct object *self);
