#pragma once
/* A TrainingJob as the user of something else: what others need to know of it. */

#include "../../operator/model/object.h"
#include "trainingjob_fields.h"

/* NULL: it is no TrainingJob, has ended for good and needs nothing any more, or cannot be read. In the arena. */
const struct trainingjob_status *trainingjob_status_of_user(const struct object *object, struct arena *arena);

/* Likewise, but not NULL for one that has ended and left pods running (cleanPodPolicy None): they still read its data.
 */
const struct trainingjob_status *trainingjob_status_of_reader(const struct object *object, struct arena *arena);
