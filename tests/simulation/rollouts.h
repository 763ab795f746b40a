#pragma once
/*
 * Invariants of ServingEndpoints: on routes, Services and Deployments as the operator writes them, judged by what the
 * data plane serves and by the pods that are really there.
 */

#include "invariants.h"

void rollouts_on_request(struct world *world,
                         const struct http_request *request,
                         const struct target *target,
                         const json_t *body);
void rollouts_on_change(struct world *world, const struct change *change);
void rollout_status_on_change(struct world *world, const struct change *change);
void rollouts_at_end(struct world *world);
