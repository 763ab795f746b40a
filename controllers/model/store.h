#pragma once
/* The store of a Model as the agent's command line; for its own Jobs, and for those who publish or fetch. */

#include "../agent/agent_job.h"
#include "model_fields.h"

struct s3_place model_store(const struct model_spec *spec);

/* `publish` from that folder into the store; the caller owns it. */
json_t *model_publish_args(const struct model_spec *spec, const char *from);

/* Of where it publishes to, in the arena: what fails for it may go well when this is another. */
const char *model_store_hash(const struct model_spec *spec, struct arena *arena);

/* Where a version lies, in the arena. */
const char *model_uri(const struct model_spec *spec, const char *digest, struct arena *arena);
