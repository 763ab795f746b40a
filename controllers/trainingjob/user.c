#include "user.h"

const struct trainingjob_status *trainingjob_status_of_user(const struct object *object, struct arena *arena)
{
    const struct trainingjob_status *status;

    if (object->kind != KIND_TRAINING_JOB)
        return NULL;
    status = object_part(&trainingjob_status_type, object->status, arena);
    if (!status || status->phase == TRAININGJOB_STATUS_PHASE_SUCCEEDED ||
        status->phase == TRAININGJOB_STATUS_PHASE_FAILED)
        return NULL;
    return status;
}
