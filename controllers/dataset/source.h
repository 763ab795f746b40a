#pragma once
/* The source of a DataSet as the agent's command line; for its own Jobs, and for those who fetch a copy. */

#include <jansson.h>

#include "../agent/agent_job.h"
#include "dataset_fields.h"

struct s3_place dataset_place(const struct dataset_spec *spec);

/* `sync` of all that is selected; the caller owns it, and adds where to. */
json_t *dataset_sync_args(const struct dataset_spec *spec, struct arena *arena);

/* `fetch` of the same, which must be that version; likewise. */
json_t *dataset_fetch_args(const struct dataset_spec *spec, const char *digest, struct arena *arena);
