#include "processes.h"

static int64_t held(const struct job *job, const struct role *role, const struct object *pod)
{
    int64_t end = pod->pod.finished_at ? pod->pod.finished_at : job->in->now;

    if (!pod->pod.taken_at || end <= pod->pod.taken_at)
        return 0;
    return (end - pod->pod.taken_at) * accelerators_per_replica(job, role);
}

/* The status that this plan writes says of the pod that it is done with, and the one that was observed does not. */
static bool is_done_with(const struct place *place, bool ended)
{
    if (!place->pod || place->recorded || place->replaced)
        return false;
    return ended || place->to_replace || place_has_succeeded(place);
}

void count_accelerators(struct job *job, bool ended)
{
    for (int i = 0; i < job->role_count; i++) {
        const struct role *role = &job->roles[i];

        for (int index = 0; index < role->replicas; index++)
            if (is_done_with(&role->places[index], ended))
                job->accelerator_seconds += held(job, role, role->places[index].pod);
    }
    job->accelerators_counted = true;
}
