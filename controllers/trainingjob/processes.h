#pragma once
/* How many processes a replica runs, and how many accelerators it has. */

#include "job.h"

/* What the role says, else one for each accelerator of the container with most. */
int processes_per_replica(const struct job *job, const struct role *role);

int accelerators_per_replica(const struct job *job, const struct role *role); /* of all its containers */
