#pragma once
/* How many processes a replica runs: what the role says, else one for each accelerator of the container with most. */

#include "job.h"

int processes_per_replica(const struct job *job, const struct role *role);
