#include <inttypes.h>
#include <string.h>

#include "../../operator/base/jb.h"
#include "job.h"

static const char *const phase_names[] = {
    [TRAININGJOB_STATUS_PHASE_PENDING] = "Pending",       [TRAININGJOB_STATUS_PHASE_STARTING] = "Starting",
    [TRAININGJOB_STATUS_PHASE_RUNNING] = "Running",       [TRAININGJOB_STATUS_PHASE_COMPLETING] = "Completing",
    [TRAININGJOB_STATUS_PHASE_RESTARTING] = "Restarting", [TRAININGJOB_STATUS_PHASE_SUCCEEDED] = "Succeeded",
    [TRAININGJOB_STATUS_PHASE_FAILED] = "Failed",         [TRAININGJOB_STATUS_PHASE_SUSPENDING] = "Suspending",
    [TRAININGJOB_STATUS_PHASE_SUSPENDED] = "Suspended",
};

/* A job whose first pod the server refused can still be corrected in place: it has not begun. */
static bool has_begun(const struct job *job, bool accepted)
{
    if (job->rests)
        return job->status->start_time;
    return (accepted && !job->waits_for_data) ||
           (job->status->start_time && (has_pods(job) || job->outcome_recorded || !is_refused_by_server(job)));
}

static enum trainingjob_status_phase phase_of(const struct job *job, bool accepted)
{
    if (job->rests && (accepted || job->status->start_time))
        return !pods_left(job) ? TRAININGJOB_STATUS_PHASE_SUSPENDED : TRAININGJOB_STATUS_PHASE_SUSPENDING;
    if (!has_begun(job, accepted))
        return TRAININGJOB_STATUS_PHASE_PENDING;
    if (job->outcome != OUTCOME_OPEN && (job->finished || keeps_running_pods(job) || !pods_left(job)) &&
        (job->outcome == OUTCOME_FAILED || outputs_are_listed(job)))
        return job->outcome == OUTCOME_FAILED ? TRAININGJOB_STATUS_PHASE_FAILED : TRAININGJOB_STATUS_PHASE_SUCCEEDED;
    if (job->outcome != OUTCOME_OPEN)
        return TRAININGJOB_STATUS_PHASE_COMPLETING;
    if (is_between_attempts(job))
        return TRAININGJOB_STATUS_PHASE_RESTARTING;
    for (int i = 0; i < job->role_count; i++)
        if (job->roles[i].running + job->roles[i].succeeded < job->roles[i].replicas)
            return job->status->phase == TRAININGJOB_STATUS_PHASE_RUNNING && !job->begins_again
                       ? TRAININGJOB_STATUS_PHASE_RUNNING
                       : TRAININGJOB_STATUS_PHASE_STARTING;
    return TRAININGJOB_STATUS_PHASE_RUNNING;
}

static const char *duration_text(struct arena *arena, int64_t seconds)
{
    if (seconds >= 3600)
        return arena_printf(arena, "%" PRId64 "h%" PRId64 "m", seconds / 3600, seconds % 3600 / 60);
    if (seconds >= 60)
        return arena_printf(arena, "%" PRId64 "m%" PRId64 "s", seconds / 60, seconds % 60);
    return arena_printf(arena, "%" PRId64 "s", seconds < 0 ? 0 : seconds);
}

/* Said where the counts beside the message (READY 3/4) would seem to contradict it. A pod that goes is never ready. */
static const char *ready_text(const struct job *job)
{
    if (job->leaving || job->ready >= job->running)
        return "";
    if (job->ready < 2)
        return job->ready ? ", 1 is ready" : ", none is ready";
    return arena_printf(job->arena, ", %d are ready", job->ready);
}

/* "4 of 6 pods are running, 3 are ready, 1 succeeded" or "3 of 5 pods are running, 1 succeeded, 1 being deleted" */
static const char *counts_text(const struct job *job)
{
    const char *text =
        arena_printf(job->arena, "%d of %d pods are running%s", job->running, job->desired, ready_text(job));

    if (job->succeeded)
        text = arena_printf(job->arena, "%s, %d succeeded", text, job->succeeded);
    if (job->leaving)
        text = arena_printf(job->arena, "%s, %d being deleted", text, job->leaving);
    return text;
}

static const char *starting_text(const struct job *job)
{
    struct waiting waiting;

    if (find_waiting(job, &waiting))
        return arena_printf(job->arena, "%s; %s", counts_text(job), waiting.message);
    if (job->running || job->succeeded)
        return arena_printf(job->arena, "%s; the rest is being started", counts_text(job));
    return arena_printf(job->arena, "Starting %s", pods_text(job, job->desired));
}

/* "All 4 pods are running, 3 are ready" */
static const char *running_text(const struct job *job)
{
    const char *text = job->running < job->desired || job->leaving ? counts_text(job)
                       : job->desired > 1
                           ? arena_printf(job->arena, "All %d pods are running%s", job->desired, ready_text(job))
                       : job->ready ? "The pod is running"
                                    : "The pod is running, but is not ready";
    struct waiting waiting;

    return find_denial(job, &waiting) ? arena_printf(job->arena, "%s; %s", text, waiting.message) : text;
}

/* "Attempt 1 has ended: ...; attempt 2 starts at 2026-11-22T10:00:20Z" */
static const char *restarting_text(const struct job *job)
{
    const char *cause = follows_suspension(job) || !job->told.role ? "it was suspended" : failure_text(job, &job->told);
    const char *text =
        arena_printf(job->arena, "Attempt %d has ended: %s; attempt %d", job->attempt - 1, cause, job->attempt);
    struct objects pods = job->in->children[KIND_POD];
    int left = 0;

    for (size_t i = 0; i < pods.count; i++)
        left += pods.items[i]->attempt < job->attempt && !pod_is_over(pods.items[i]);
    return left ? arena_printf(job->arena, "%s waits for %s to stop%s", text, pods_text(job, left), hanging_text(job))
                : arena_printf(
                      job->arena, "%s starts at %s", text, fields_format_time(job->arena, attempt_starts_at(job)));
}

/* What failed, and why it does not start again. */
static const char *final_text(const struct job *job)
{
    const char *text = failure_text(job, &job->blame);

    return job->spent && job->restarts_without_progress
               ? arena_printf(job->arena,
                              "%s; maxRestarts (%d) without progress are used up",
                              text,
                              job->restarts_without_progress)
               : text;
}

static const char *completing_text(const struct job *job)
{
    const char *outcome = job->outcome == OUTCOME_FAILED ? final_text(job) : success_text(job);

    if (is_publishing(job))
        return arena_printf(job->arena, "%s; %s", outcome, publishing_text(job));
    return arena_printf(
        job->arena, "%s; waiting for %s to stop%s", outcome, pods_text(job, pods_left(job)), hanging_text(job));
}

static const char *accepted_text(const struct plan *out)
{
    for (size_t i = 0; i < out->condition_count; i++)
        if (strcmp(out->conditions[i].type, "Accepted") == 0)
            return out->conditions[i].message;
    return "";
}

static const char *message_of(const struct job *job,
                              const struct plan *out,
                              enum trainingjob_status_phase phase,
                              bool accepted)
{
    if (!accepted && job->outcome == OUTCOME_OPEN)
        return accepted_text(out);
    switch (phase) {
    case TRAININGJOB_STATUS_PHASE_STARTING:
        return starting_text(job);
    case TRAININGJOB_STATUS_PHASE_RUNNING:
        return running_text(job);
    case TRAININGJOB_STATUS_PHASE_RESTARTING:
        return restarting_text(job);
    case TRAININGJOB_STATUS_PHASE_COMPLETING:
        return completing_text(job);
    case TRAININGJOB_STATUS_PHASE_SUCCEEDED:
        return success_text(job);
    case TRAININGJOB_STATUS_PHASE_FAILED:
        return final_text(job);
    case TRAININGJOB_STATUS_PHASE_SUSPENDING:
    case TRAININGJOB_STATUS_PHASE_SUSPENDED:
        return suspended_text(job, phase == TRAININGJOB_STATUS_PHASE_SUSPENDED);
    case TRAININGJOB_STATUS_PHASE_PENDING:
        return job->waits_for_data;
    default:
        return "";
    }
}

static json_t *role_status(const struct role *role, struct arena *arena)
{
    const char *succeeded = intervals_format(role, arena);

    return OBJ({ "name", jb_str(role->name) },
               { "desired", jb_int(role->replicas) },
               { "active", jb_int(role->active) },
               { "ready", jb_int(role->ready) },
               { "succeeded", jb_int(role->succeeded) },
               { "failed", jb_int(role->failed) },
               { "created", jb_bool(role->created) },
               { "succeededIndexes", *succeeded ? jb_str(succeeded) : NULL });
}

static json_t *roles_status(const struct job *job)
{
    json_t *roles = json_array();

    for (int i = 0; i < job->role_count; i++)
        jb_append(roles, role_status(&job->roles[i], job->arena));
    return roles;
}

static json_t *last_failure(const struct job *job)
{
    const struct blame *blame = &job->told;

    if (!blame->role)
        return NULL;
    return OBJ({ "role", *blame->role ? jb_str(blame->role) : NULL },
               { "index", *blame->role ? jb_int(blame->index) : NULL },
               { "node", *blame->node ? jb_str(blame->node) : NULL },
               { "exitCode", blame->ended ? jb_int(blame->exit_code) : NULL },
               { "reason", jb_fmt("%.253s", blame->reason) },
               { "logTail", *blame->log_tail ? jb_str(blame->log_tail) : NULL });
}

static json_t *time_value(const struct job *job, int64_t seconds)
{
    return seconds ? jb_str(fields_format_time(job->arena, seconds)) : NULL;
}

static void say_times(const struct job *job, struct plan *out, bool accepted, bool finished)
{
    int64_t start = job->status->start_time, end = job->status->completion_time;

    if (!has_begun(job, accepted))
        start = 0;
    else if (!start)
        start = job->in->now;
    if (!end && finished)
        end = job->in->now;
    plan_status(out, "startTime", time_value(job, start));
    plan_status(out, "completionTime", time_value(job, end));
    plan_status(out, "suspendedSeconds", start && job->suspended ? jb_int(job->suspended) : NULL);
    plan_status(out, "duration", end ? jb_str(duration_text(job->arena, end - start - job->suspended)) : NULL);
}

static void say_reconciling(const struct job *job, struct plan *out, enum trainingjob_status_phase phase)
{
    bool starting = phase == TRAININGJOB_STATUS_PHASE_STARTING, running = phase == TRAININGJOB_STATUS_PHASE_RUNNING;
    struct waiting waiting;

    if (phase == TRAININGJOB_STATUS_PHASE_COMPLETING && is_publishing(job))
        plan_condition(out, "Reconciling", true, "Publishing", "The work is done; its outputs are being published");
    else if (phase == TRAININGJOB_STATUS_PHASE_COMPLETING)
        plan_condition(
            out, "Reconciling", true, "Completing", "The outcome is known; pods that still run are being stopped");
    else if ((starting && find_waiting(job, &waiting)) || (running && find_denial(job, &waiting)))
        plan_condition(out, "Reconciling", true, waiting.reason, "%s", waiting.summary);
    else if (job->waits_for_data && phase == TRAININGJOB_STATUS_PHASE_PENDING)
        plan_condition(out, "Reconciling", true, "WaitingForData", "%s", job->waits_for_data);
    else if (phase == TRAININGJOB_STATUS_PHASE_RESTARTING)
        plan_condition(out, "Reconciling", true, "Restarting", "Attempt %d follows", job->attempt);
    else if (phase == TRAININGJOB_STATUS_PHASE_SUSPENDING)
        plan_condition(out, "Reconciling", true, "Suspending", "Pods are being stopped");
    else if (starting)
        plan_condition(out, "Reconciling", true, "Starting", "Pods are being started");
    else
        plan_condition(out, "Reconciling", false, phase_names[phase], "Nothing is being brought up");
}

static void say_running(struct plan *out, enum trainingjob_status_phase phase)
{
    if (phase == TRAININGJOB_STATUS_PHASE_RUNNING)
        plan_condition(out, "Running", true, "PodsRunning", "All pods are running or have succeeded");
    else
        plan_condition(out, "Running", false, phase_names[phase], "Not all pods are running");
}

static void say_complete(const struct job *job, struct plan *out, enum trainingjob_status_phase phase)
{
    if (phase == TRAININGJOB_STATUS_PHASE_SUCCEEDED)
        plan_condition(out,
                       "Complete",
                       true,
                       job->spec->success_policy ? "SuccessPolicyMet" : "WorkersSucceeded",
                       "%s",
                       success_text(job));
    else if (job->outcome == OUTCOME_SUCCEEDED)
        plan_condition(out,
                       "Complete",
                       false,
                       phase_names[phase],
                       "%s; %s",
                       success_text(job),
                       is_publishing(job) ? "its outputs are not published yet" : "other pods still run");
    else
        plan_condition(out, "Complete", false, phase_names[phase], "The job has not succeeded");
}

/* Failed, and Stalled with it: the server's refusal may have set that one already. */
static void say_failed(const struct job *job, struct plan *out, enum trainingjob_status_phase phase, bool accepted)
{
    const char *reason = job->outcome == OUTCOME_FAILED ? condition_reason(job, job->blame.reason) : "";

    if (phase == TRAININGJOB_STATUS_PHASE_FAILED)
        plan_condition(out, "Failed", true, reason, "%s", final_text(job));
    else if (job->outcome == OUTCOME_FAILED)
        plan_condition(out, "Failed", false, phase_names[phase], "%s; other pods still run", final_text(job));
    else
        plan_condition(out, "Failed", false, phase_names[phase], "Nothing has failed");
    if (phase == TRAININGJOB_STATUS_PHASE_FAILED && accepted)
        plan_condition(out, "Stalled", true, reason, "%s", final_text(job));
    else if (accepted && output_failure(job))
        plan_condition(out, "Stalled", true, output_failure(job), "%s; %s", success_text(job), publishing_text(job));
    else if (accepted)
        plan_condition(out, "Stalled", false, "NotStalled", "The job has neither failed nor been refused");
}

static void say_conditions(const struct job *job, struct plan *out, enum trainingjob_status_phase phase, bool accepted)
{
    say_running(out, phase);
    say_complete(job, out, phase);
    say_failed(job, out, phase, accepted);
    say_reconciling(job, out, phase);
    say_suspension(job, out, phase == TRAININGJOB_STATUS_PHASE_SUSPENDED);
}

static void say_events(const struct job *job, struct plan *out, enum trainingjob_status_phase phase)
{
    if (job->restarts > job->status->restarts && !job->begins_again)
        plan_event(out, true, "RestartingPod", "StopPods", "%s", failure_text(job, &job->told));
    if (phase == job->status->phase && !job->begins_again)
        return;
    if (phase == TRAININGJOB_STATUS_PHASE_RUNNING)
        plan_event(out, false, "Running", "Watch", "%s", running_text(job));
    if (phase == TRAININGJOB_STATUS_PHASE_SUCCEEDED)
        plan_event(out, false, "Succeeded", "Complete", "%s", success_text(job));
    if (job->outcome == OUTCOME_FAILED && !job->outcome_recorded)
        plan_event(out, true, "Failed", "StopPods", "%s", final_text(job));
    if (phase == TRAININGJOB_STATUS_PHASE_SUSPENDED || phase == TRAININGJOB_STATUS_PHASE_SUSPENDING)
        plan_event(out,
                   false,
                   phase_names[phase],
                   "StopPods",
                   "%s",
                   suspended_text(job, phase == TRAININGJOB_STATUS_PHASE_SUSPENDED));
    if (job->resumes)
        plan_event(out, false, "Resumed", "StartPods", "Attempt %d follows the suspension", job->attempt);
    else if (job->begins_again)
        plan_event(out, true, "Restarting", "StopPods", "%s", failure_text(job, &job->told));
}

void say_status(const struct job *job, struct plan *out, bool accepted)
{
    enum trainingjob_status_phase phase = phase_of(job, accepted);
    bool finished = phase == TRAININGJOB_STATUS_PHASE_SUCCEEDED || phase == TRAININGJOB_STATUS_PHASE_FAILED;

    plan_status(out, "phase", jb_str(phase_names[phase]));
    plan_status(out, "message", jb_str(message_of(job, out, phase, accepted)));
    say_times(job, out, accepted, finished);
    say_conditions(job, out, phase, accepted);
    if (!has_begun(job, accepted))
        return;
    plan_status(out, "attempt", jb_int(job->attempt));
    say_data(job, out);
    plan_status(out, "attempts", attempts_status(job));
    plan_status(out, "restarts", jb_int(job->restarts));
    plan_status(out, "restartsWithoutProgress", job->restarts ? jb_int(job->restarts_without_progress) : NULL);
    plan_status(out, "podsReady", jb_fmt("%d/%d", job->ready, job->desired));
    plan_status(out, "roles", roles_status(job));
    plan_status(out, "replacing", replacing_status(job));
    plan_status(out, "lastFailure", last_failure(job));
    plan_status(out, "acceleratorSeconds", job->accelerator_seconds ? jb_int(job->accelerator_seconds) : NULL);
    plan_status(out, "outputs", outputs_status(job));
    say_events(job, out, phase);
    say_output_events(job, out);
}
