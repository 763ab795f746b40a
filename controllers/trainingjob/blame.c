#include <string.h>

#include "job.h"

enum { SIGNAL_BASE = 128 };

/* Out of memory and signals say more than plain exit codes, which often only follow from them. */
static int rank_of(const struct object *pod)
{
    if (strcmp(pod->pod.end_reason, "OOMKilled") == 0)
        return 0;
    return pod->pod.exit_code > SIGNAL_BASE ? 1 : 2;
}

static bool is_worse(const struct object *pod, const struct object *than)
{
    if (pod->pod.finished_at != than->pod.finished_at)
        return pod->pod.finished_at < than->pod.finished_at;
    return rank_of(pod) < rank_of(than);
}

/* "Error" is what a kubelet says of any exit code that is not 0: who made the pod end says more. */
static const char *reason_of(const struct object *pod)
{
    bool tells = *pod->pod.end_reason && strcmp(pod->pod.end_reason, "Error") != 0;
    bool was_killed = !pod->pod.ended || pod->pod.exit_code > SIGNAL_BASE;

    if (pod->pod.disrupted && !tells)
        return "Disrupted";
    if (pod->deleted_at && !tells && was_killed)
        return "PodDeleted";
    return *pod->pod.end_reason ? pod->pod.end_reason : "PodFailed";
}

static struct blame blame_for(const struct object *pod)
{
    return (struct blame){ .role = pod->role,
                           .index = pod->index,
                           .node = pod->pod.node,
                           .ended = pod->pod.ended,
                           .exit_code = pod->pod.exit_code,
                           .reason = reason_of(pod),
                           .log_tail = pod->pod.end_message,
                           .ended_at = pod->pod.finished_at,
                           .ran_for = pod->pod.started_at && pod->pod.finished_at >= pod->pod.started_at
                                          ? pod->pod.finished_at - pod->pod.started_at
                                          : -1 };
}

/* What runs on a node that does not answer is no part of the job any more, whatever becomes of it. */
static void blame_hanging(struct job *job)
{
    for (int i = 0; i < job->role_count; i++)
        for (int index = 0; index < job->roles[i].replicas; index++) {
            const struct object *pod = job->roles[i].places[index].pod;

            if (!pod || job->in->now < pod_hangs_at(pod))
                continue;
            job->blame = blame_for(pod);
            job->blame.reason = "NodeLost";
            return;
        }
}

/* So many of a role's pods were seen to be there; a job may be suspended and get more replicas unseen. */
static int pods_created(const struct role *role)
{
    int known = role->status ? (int)role->status->desired : 0;

    return !role->created ? 0 : known && known < role->replicas ? known : role->replicas;
}

/* A place that had its pod once and has none now: nobody can say any more how that pod ended. */
static void blame_missing(struct job *job)
{
    for (int i = 0; i < job->role_count; i++) {
        const struct role *role = &job->roles[i];

        for (int index = 0; index < pods_created(role); index++) {
            if (role->places[index].pod || role->places[index].recorded || role->places[index].renewed)
                continue;
            job->blame = (struct blame){
                .role = role->name, .index = index, .node = "", .reason = "PodLost", .log_tail = "", .ran_for = -1
            };
            job->lost_pod = job_pod_name(job, role, index);
            return;
        }
    }
}

void read_told_blame(struct job *job)
{
    const struct trainingjob_status_last_failure *last = job->status->last_failure;

    if (!last)
        return;
    job->told = (struct blame){ .role = last->role ? last->role : "",
                                .index = (int)last->index,
                                .node = last->node ? last->node : "",
                                .ended = last->has_exit_code,
                                .exit_code = (int)last->exit_code,
                                .reason = last->reason ? last->reason : "",
                                .log_tail = last->log_tail ? last->log_tail : "",
                                .ran_for = recorded_run(job) };
}

/* Of the pods that decide, some may still bring the job to its end. */
static bool may_go_on(const struct job *job)
{
    int left = 0;

    for (int i = 0; i < job->role_count; i++)
        if (job->roles[i].decides)
            left += job->roles[i].active + (waits_in_vain(job, &job->roles[i]) ? 0 : job->roles[i].missing);
    return left;
}

static bool is_ignored(const struct job *job, const struct object *pod)
{
    struct blame blame = blame_for(pod);

    return may_go_on(job) && failure_is_ignored(job, &blame);
}

void find_blame(struct job *job)
{
    const struct object *worst = NULL;

    for (int i = 0; i < job->role_count; i++) {
        const struct role *role = &job->roles[i];

        for (int index = 0; index < role->replicas; index++) {
            const struct object *pod = role->places[index].pod;

            if (pod && pod->pod.phase == POD_FAILED && !role->places[index].replaced && !is_ignored(job, pod) &&
                (!worst || is_worse(pod, worst)))
                worst = pod;
        }
    }
    if (worst)
        job->blame = blame_for(worst);
    else
        blame_hanging(job);
    if (!job->blame.role)
        blame_missing(job);
    if (!job->blame.role && deadline_has_passed(job))
        job->blame =
            (struct blame){ .role = "", .node = "", .reason = "DeadlineExceeded", .log_tail = "", .ran_for = -1 };
}
