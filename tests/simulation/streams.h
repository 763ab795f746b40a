#pragma once
/* Watches as the server serves them: each with its own lag, in order, from the log of changes. */

#include "../../operator/kube/watch.h"
#include "server.h"

struct process;

/* Carries out what the engine asks for; takes the command's path. */
void streams_command(struct world *world, struct process *process, const struct watch_command *command);

/* There is news for everybody who watches this resource. */
void streams_notice(struct world *world, enum resource resource);

/* Ends all watches of a resource, as an edited CRD or a restart of the server does; RESOURCE_COUNT: all of them. */
void streams_close_all(struct world *world, enum resource resource);
void streams_drop(struct world *world, const struct process *process); /* the process is gone */
void streams_finish(struct world *world);
