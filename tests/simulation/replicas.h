#pragma once
/* What becomes of a pod of a Deployment on its node: it fetches, starts, is ready or not, has bad luck, and stops. */

#include "workloads.h"

void replica_begin(struct world *world, struct replica *replica);
bool replica_serves(const struct replica *replica); /* requests get to it, and are answered */
