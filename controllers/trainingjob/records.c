#include "job.h"

/* Where the pod stands in this attempt; NULL: nowhere. */
static const struct place *place_of(const struct job *job, const struct object *pod)
{
    const struct place *place = find_place(job, pod->role, pod->index);

    return place && place->pod == pod ? place : NULL;
}

/* The outcome of a pod is safe: in the status that was observed, not only in the one that is about to be written. */
static bool is_recorded(const struct job *job, const struct object *pod)
{
    const struct place *place;

    if (job->outcome_recorded)
        return pod_is_over(pod) || pod->deleted_at || job->finished;
    if (pod->attempt < job->attempt - job->begins_again)
        return pod_is_over(pod) || pod->deleted_at;
    if (pod_never_ran(pod))
        return true; /* there is no outcome to lose */
    if (was_suspended(job) && pod->deleted_at)
        return pod_is_over(pod) || job->in->now >= pod_hangs_at(pod);
    if (job->begins_again)
        return false; /* it is told by the very status that this plan writes */
    place = place_of(job, pod);
    return place ? place->recorded || place->replaced : pod_is_over(pod); /* of no place in this job as it is now */
}

void release_pods(const struct job *job, struct plan *out)
{
    struct objects pods = job->in->children[KIND_POD];

    for (size_t i = 0; i < pods.count; i++)
        if (job->in->self->deleted_at || is_recorded(job, pods.items[i]))
            plan_release(out, pods.items[i]);
}

static void watch_hanging(const struct job *job, const struct object *pod, struct plan *out)
{
    int64_t at = pod_hangs_at(pod);

    if (at != INT64_MAX && job->in->now < at)
        plan_look_again(out, at);
}

static void drop_hanging(const struct job *job, const struct object *pod, struct plan *out)
{
    const struct trainingjob_spec_failure_policy *policy = job->spec->failure_policy;
    int64_t force_at;

    if (pod_hangs_at(pod) == INT64_MAX || !policy || !policy->has_node_lost_force_delete_seconds)
        return;
    force_at = pod->deleted_at + policy->node_lost_force_delete_seconds;
    if (job->in->now < force_at)
        plan_look_again(out, force_at);
    else
        plan_drop_by_force(out, pod);
}

void stop_pod(const struct job *job, const struct object *pod, struct plan *out)
{
    if (!pod->deleted_at)
        plan_drop(out, pod);
    watch_hanging(job, pod, out);
    drop_hanging(job, pod, out);
}

static bool is_made_anew(const struct place *place)
{
    return place && (place->replaced || place->to_replace);
}

/* Those of earlier attempts, and those that failed and are made anew, are in the way of others with the same names. */
void drop_old_pods(const struct job *job, struct plan *out)
{
    struct objects pods = job->in->children[KIND_POD];

    for (size_t i = 0; i < pods.count; i++) {
        const struct object *pod = pods.items[i];

        if (pod->attempt < job->attempt || job->rests || is_made_anew(place_of(job, pod)))
            stop_pod(job, pod, out);
        else
            watch_hanging(job, pod, out);
    }
}
