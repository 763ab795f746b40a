#include <inttypes.h>
#include <string.h>

#include "job.h"

bool attempt_is_suspended(const struct trainingjob_status_attempts *attempt)
{
    return attempt->reason && strcmp(attempt->reason, "Suspended") == 0;
}

bool follows_suspension(const struct job *job)
{
    return job->attempt_count > 1 && attempt_is_suspended(&job->attempts[job->attempt_count - 2]);
}

bool was_suspended(const struct job *job)
{
    const struct trainingjob_status *status = job->status;

    return status->attempts_count && attempt_is_suspended(&status->attempts[status->attempts_count - 1]);
}

/* What the suspension that is over took; a clock that went back takes nothing. */
static int64_t length_of(const struct trainingjob_status_attempts *suspended, int64_t now)
{
    return now > suspended->end_time ? now - suspended->end_time : 0;
}

/* They cannot unless the job is suspended meanwhile: nobody was there to see that. */
static bool roles_were_changed(const struct job *job)
{
    const struct trainingjob_status *status = job->status;

    if (!status->roles_count || !status->start_time)
        return false;
    for (int i = 0; i < job->role_count; i++)
        if (!job->roles[i].status ||
            (job->roles[i].status->has_desired && job->roles[i].status->desired != job->roles[i].replicas))
            return true;
    return status->roles_count != (size_t)job->role_count;
}

/*
 * Once suspended, an attempt is stopped whole, even when the job is resumed meanwhile: the next one waits for its pods.
 * A decision that ends an attempt in this very plan is said first.
 */
void decide_suspension(struct job *job)
{
    const struct trainingjob_status_attempts *present = &job->attempts[job->attempt_count - 1];
    bool ended = attempt_is_suspended(present);

    job->rests = job->spec->suspend;
    if (job->rests && !ended && job->status->start_time) {
        end_by_suspension(job);
    } else if (!job->rests && ended) {
        job->suspended += length_of(present, job->in->now);
        resume_attempt(job);
    } else if (!job->rests && !job->begins_again && roles_were_changed(job)) {
        end_by_suspension(job);
        resume_attempt(job);
    }
}

const char *suspended_text(const struct job *job, bool stopped)
{
    if (!stopped)
        return arena_printf(job->arena,
                            "Suspended by spec.suspend: waiting for %s to stop%s",
                            pods_text(job, pods_left(job)),
                            hanging_text(job));
    if (!job->status->start_time)
        return "Suspended before its start: set spec.suspend to false to start it";
    return arena_printf(job->arena, "Suspended: set spec.suspend to false to go on with attempt %d", job->attempt + 1);
}

void say_suspension(const struct job *job, struct plan *out, bool stopped)
{
    static const char type[] = "Suspended";

    if (stopped)
        plan_condition(out, type, true, "SuspendedBySpec", "No pod of the job runs, as spec.suspend asks for");
    else if (job->rests)
        plan_condition(out, type, false, "Suspending", "Pods are being stopped");
    else if (was_said(job, type))
        plan_condition(out, type, false, "NotSuspended", "The job is not suspended");
}
