#pragma once
/* How objects go: grace, finalizers, the garbage collector and the end of a namespace. */

#include "server.h"

enum propagation { PROPAGATION_BACKGROUND, PROPAGATION_FOREGROUND, PROPAGATION_ORPHAN };

enum propagation deletion_policy(const char *name); /* "": background */

/* What DELETE does. grace in seconds; -1: what the object says. */
void deletion_begin(struct world *world, struct thing *thing, enum propagation policy, int64_t grace);

/* Called for every object that is there no more, and for every new one. */
void deletion_removed(struct world *world, struct thing *thing);
void deletion_added(struct world *world, struct thing *thing);

/* Everything in a namespace is deleted, again and again until nothing is left. */
void deletion_of_namespace(struct world *world, struct namespace *namespace);
