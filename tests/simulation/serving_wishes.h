#pragma once
/* What people ask of ServingEndpoints, and parts of it for edits. The caller owns what it gets. */

#include "world.h"

json_t *wish_endpoint(struct world *world, const char *namespace, const char *name);
json_t *wish_serving_template(struct world *world, unsigned tested); /* per mille of them are surely good */
json_t *wish_rollout(struct world *world, bool has_route, bool grpc);
json_t *wish_steps(struct world *world);
json_t *wish_autoscaling(struct world *world);
json_t *wish_model_ref(struct world *world);
json_t *wish_tags(struct world *world);
