#pragma once
/* What people ask for: jobs of all sorts, and parts of them for edits. The caller owns what it gets. */

#include "world.h"

json_t *wish_job(struct world *world, const char *name);
json_t *wish_data_set(struct world *world, const char *name);
json_t *wish_model(struct world *world, const char *name);
json_t *wish_retention(struct world *world);
json_t *wish_template(struct world *world);
json_t *wish_role(struct world *world, const char *name, unsigned at_most, const char *on);
