#include "user.h"

static const struct trainingjob_status *read_status(const struct object *object, struct arena *arena)
{
    return object->kind == KIND_TRAINING_JOB ? object_part(&trainingjob_status_type, object->status, arena) : NULL;
}

static bool has_ended(const struct trainingjob_status *status)
{
    return status->phase == TRAININGJOB_STATUS_PHASE_SUCCEEDED || status->phase == TRAININGJOB_STATUS_PHASE_FAILED;
}

const struct trainingjob_status *trainingjob_status_of_user(const struct object *object, struct arena *arena)
{
    const struct trainingjob_status *status = read_status(object, arena);

    return status && !has_ended(status) ? status : NULL;
}

/* The last status says how many there were: nobody counts them afterwards, so it lasts until the job is deleted. */
static bool left_pods_running(const struct object *object, const struct trainingjob_status *status, struct arena *arena)
{
    const struct trainingjob_spec *spec = object_part(&trainingjob_spec_type, object->spec, arena);

    for (size_t i = 0; spec && i < status->roles_count; i++)
        if (status->roles[i].active && spec->clean_pod_policy == TRAININGJOB_SPEC_CLEAN_POD_POLICY_NONE)
            return true;
    return false;
}

const struct trainingjob_status *trainingjob_status_of_reader(const struct object *object, struct arena *arena)
{
    const struct trainingjob_status *status = read_status(object, arena);

    return status && (!has_ended(status) || left_pods_running(object, status, arena)) ? status : NULL;
}
