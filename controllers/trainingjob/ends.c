#include <string.h>

#include "mpi.h"

/* -- success ------------------------------------------------------------------------------------------------------ */

static bool is_named(const struct trainingjob_spec_success_policy *policy, const char *role)
{
    for (size_t i = 0; i < policy->roles_count; i++)
        if (strcmp(policy->roles[i], role) == 0)
            return true;
    return false;
}

/* TensorFlow's chief, else its worker 0, decides for all: the others go on serving it until they are stopped. */
static bool decides_for_tensorflow(const struct job *job, const struct role *role)
{
    return role->in_world && role->first_rank == 0 && role == job_master(job);
}

/* MPI's launcher ends when the ranks it started have ended. */
static bool decides_by_framework(const struct job *job, const struct role *role)
{
    if (is_mpi(job))
        return is_launcher(job, role);
    return job->spec->framework == TRAININGJOB_SPEC_FRAMEWORK_TENSORFLOW ? decides_for_tensorflow(job, role)
                                                                         : role->in_world;
}

void init_success(struct job *job)
{
    const struct trainingjob_spec_success_policy *policy = job->spec->success_policy;
    bool named = policy && policy->roles_count;

    job->require = policy && policy->require ? policy->require
                   : is_mpi(job) || job->spec->framework == TRAININGJOB_SPEC_FRAMEWORK_TENSORFLOW
                       ? TRAININGJOB_SPEC_SUCCESS_POLICY_REQUIRE_FIRST
                       : TRAININGJOB_SPEC_SUCCESS_POLICY_REQUIRE_ALL;
    for (int i = 0; i < job->role_count; i++) {
        struct role *role = &job->roles[i];

        role->decides = named ? is_named(policy, role->name) : decides_by_framework(job, role);
    }
}

bool job_has_succeeded(const struct job *job)
{
    bool any = job->require == TRAININGJOB_SPEC_SUCCESS_POLICY_REQUIRE_ANY, decided = false;

    for (int i = 0; i < job->role_count; i++) {
        const struct role *role = &job->roles[i];
        bool enough = any ? role->succeeded > 0
                      : job->require == TRAININGJOB_SPEC_SUCCESS_POLICY_REQUIRE_FIRST
                          ? place_has_succeeded(&role->places[0])
                          : role->succeeded >= role->replicas;

        if (role->decides && enough == any)
            return any;
        decided |= role->decides;
    }
    return decided && !any;
}

/* -- time --------------------------------------------------------------------------------------------------------- */

/* Seconds since 1970, or 0: the job has none, or has not begun. Counted from status, so that a restart changes nothing.
 */
static int64_t deadline_of(const struct job *job)
{
    const struct trainingjob_status *status = job->status;

    if (!job->spec->has_active_deadline_seconds || !status->start_time || job->rests)
        return 0;
    return status->start_time + job->suspended + job->spec->active_deadline_seconds;
}

bool deadline_has_passed(const struct job *job)
{
    int64_t deadline = deadline_of(job);

    return deadline && job->in->now >= deadline;
}

void watch_deadline(const struct job *job, struct plan *out)
{
    if (job->outcome == OUTCOME_OPEN && deadline_of(job))
        plan_look_again(out, deadline_of(job));
}

/* -- cleaning up -------------------------------------------------------------------------------------------------- */

bool keeps_running_pods(const struct job *job)
{
    return job->spec->clean_pod_policy == TRAININGJOB_SPEC_CLEAN_POD_POLICY_NONE;
}

/* What still runs goes as soon as the outcome is said, what has ended with cleanPodPolicy All when the job has. */
static void clean_pods(const struct job *job, struct plan *out)
{
    struct objects pods = job->in->children[KIND_POD];
    bool all = job->finished && job->spec->clean_pod_policy == TRAININGJOB_SPEC_CLEAN_POD_POLICY_ALL;

    for (size_t i = 0; i < pods.count && !keeps_running_pods(job); i++)
        if (all || !pod_is_over(pods.items[i]))
            stop_pod(job, pods.items[i], out);
}

void clean_up(const struct job *job, struct plan *out)
{
    int64_t gone_at = job->status->completion_time + job->spec->ttl_seconds_after_finished;

    clean_pods(job, out);
    if (!job->finished || !job->spec->has_ttl_seconds_after_finished || !job->status->completion_time)
        return;
    if (job->in->now >= gone_at)
        plan_drop(out, job->in->self);
    else
        plan_look_again(out, gone_at);
}
