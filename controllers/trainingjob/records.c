#include "job.h"

/* The outcome of a pod is safe: in the status that was observed, not only in the one that is about to be written. */
static bool is_recorded(const struct job *job, const struct object *pod)
{
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
    for (int i = 0; i < job->role_count; i++)
        for (int index = 0; index < job->roles[i].replicas; index++)
            if (job->roles[i].places[index].pod == pod)
                return job->roles[i].places[index].recorded || job->roles[i].places[index].replaced;
    return pod_is_over(pod); /* of no place in this job as it is now */
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

    if (!policy || !policy->has_node_lost_force_delete_seconds)
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
    if (pod_hangs_at(pod) == INT64_MAX)
        return;
    watch_hanging(job, pod, out);
    drop_hanging(job, pod, out);
}

/* Those of earlier attempts are in the way of those of this one, which have the same names. */
void drop_old_pods(const struct job *job, struct plan *out)
{
    struct objects pods = job->in->children[KIND_POD];

    for (int i = 0; i < job->role_count; i++)
        for (int index = 0; index < job->roles[i].replicas; index++)
            if (job->roles[i].places[index].replaced || job->roles[i].places[index].to_replace)
                stop_pod(job, job->roles[i].places[index].pod, out);
    for (size_t i = 0; i < pods.count; i++) {
        const struct object *pod = pods.items[i];

        if (pod->attempt < job->attempt || job->rests)
            stop_pod(job, pod, out);
        else
            watch_hanging(job, pod, out);
    }
}
