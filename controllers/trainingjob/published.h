#pragma once
/* What TrainingJobs publish, as the object sees it that it becomes a version of: a Model, or a DataSet. */

#include "../agent/versioned.h"

/* The digest that the job has published into in's object, while it waits to see it listed. A pinned_digest. */
const char *output_of_user(const struct observed *in, const struct object *referrer, size_t at);

bool is_being_published(const struct observed *in); /* some job has said that it begins, and has not ended */

/* Adds what only this kind of object can say of a version. */
typedef void complete_version(const struct observed *in, struct version *version);

/* What has been published and is not listed becomes versions, in the order in which it was. complete NULL: nothing. */
void take_published(struct versioned *kept, complete_version *complete);
