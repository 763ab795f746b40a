#define _GNU_SOURCE /* memrchr */
#include <inttypes.h>
#include <string.h>

#include "../../operator/base/jb.h"
#include "job.h"

static const char *const phase_names[] = {
    [TRAININGJOB_STATUS_PHASE_PENDING] = "Pending",     [TRAININGJOB_STATUS_PHASE_STARTING] = "Starting",
    [TRAININGJOB_STATUS_PHASE_RUNNING] = "Running",     [TRAININGJOB_STATUS_PHASE_COMPLETING] = "Completing",
    [TRAININGJOB_STATUS_PHASE_SUCCEEDED] = "Succeeded", [TRAININGJOB_STATUS_PHASE_FAILED] = "Failed",
};

/* Everything that is or was running has ended, and no name of ours is still on its way out. */
static bool has_stopped(const struct job *job)
{
    struct objects pods = job->in->children[KIND_POD];

    for (size_t i = 0; i < pods.count; i++)
        if (!pod_is_over(pods.items[i]))
            return false;
    return true;
}

/* A job that is refused before any of its pods was made can still be corrected in place: it has not begun. */
static bool has_begun(const struct job *job, bool accepted)
{
    return accepted || (job->status->start_time && job->missing < job->desired) || job->outcome_recorded;
}

static enum trainingjob_status_phase phase_of(const struct job *job, bool accepted)
{
    if (!has_begun(job, accepted))
        return TRAININGJOB_STATUS_PHASE_PENDING;
    if (job->outcome != OUTCOME_OPEN && (job->finished || has_stopped(job)))
        return job->outcome == OUTCOME_FAILED ? TRAININGJOB_STATUS_PHASE_FAILED : TRAININGJOB_STATUS_PHASE_SUCCEEDED;
    if (job->outcome != OUTCOME_OPEN)
        return TRAININGJOB_STATUS_PHASE_COMPLETING;
    for (int i = 0; i < job->role_count; i++)
        if (job->roles[i].running + job->roles[i].succeeded < job->roles[i].replicas)
            return job->status->phase == TRAININGJOB_STATUS_PHASE_RUNNING ? TRAININGJOB_STATUS_PHASE_RUNNING
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

/* "worker-1 failed on node n2 with exit code 3 (Error): last words" */
static const char *failure_text(const struct job *job)
{
    const struct blame *blame = &job->blame;
    const char *words = blame->log_tail, *last;

    if (strcmp(blame->reason, "PodLost") == 0)
        return arena_printf(
            job->arena,
            "%s-%d disappeared: its pod was removed from the cluster before its outcome could be recorded",
            blame->role,
            blame->index);
    for (last = strrchr(words, '\n'); last && !last[1] && last > words;
         last = memrchr(words, '\n', (size_t)(last - words)))
        ;
    words = last && last[1] ? last + 1 : words;
    return arena_printf(job->arena,
                        "%s-%d failed%s%s with exit code %d (%s)%s%.*s",
                        blame->role,
                        blame->index,
                        *blame->node ? " on node " : "",
                        blame->node,
                        blame->exit_code,
                        blame->reason,
                        *words ? ": " : "",
                        (int)strcspn(words, "\n"),
                        words);
}

static const char *starting_text(const struct job *job)
{
    struct waiting waiting;

    if (find_waiting(job, &waiting))
        return arena_printf(job->arena, "%d of %d pods are running; %s", job->running, job->desired, waiting.message);
    return arena_printf(
        job->arena, "%d of %d pods are running; the others are being started", job->running, job->desired);
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
        return arena_printf(job->arena, "%d of %d pods are running", job->running, job->desired);
    case TRAININGJOB_STATUS_PHASE_COMPLETING:
        return job->outcome == OUTCOME_FAILED
                   ? arena_printf(job->arena, "%s; waiting for %d other pods to stop", failure_text(job), job->active)
                   : arena_printf(job->arena, "All workers succeeded; waiting for %d other pods to stop", job->active);
    case TRAININGJOB_STATUS_PHASE_SUCCEEDED:
        return arena_printf(job->arena, "All %d workers succeeded", job->world);
    case TRAININGJOB_STATUS_PHASE_FAILED:
        return failure_text(job);
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
    const struct blame *blame = &job->blame;

    if (!blame->role)
        return NULL;
    return OBJ({ "role", jb_str(blame->role) },
               { "index", jb_int(blame->index) },
               { "node", *blame->node ? jb_str(blame->node) : NULL },
               { "exitCode", jb_int(blame->exit_code) },
               { "reason", jb_str(blame->reason) },
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
    plan_status(out, "duration", end ? jb_str(duration_text(job->arena, end - start)) : NULL);
}

static void say_reconciling(const struct job *job, struct plan *out, enum trainingjob_status_phase phase)
{
    struct waiting waiting;

    if (phase == TRAININGJOB_STATUS_PHASE_COMPLETING)
        plan_condition(
            out, "Reconciling", true, "Completing", "The outcome is known; the remaining pods are being stopped");
    else if (phase != TRAININGJOB_STATUS_PHASE_STARTING)
        plan_condition(out, "Reconciling", false, phase_names[phase], "Nothing is being brought up");
    else if (find_waiting(job, &waiting))
        plan_condition(out, "Reconciling", true, waiting.reason, "%s", waiting.summary);
    else
        plan_condition(out, "Reconciling", true, "Starting", "Pods are being started");
}

static void say_conditions(const struct job *job, struct plan *out, enum trainingjob_status_phase phase, bool accepted)
{
    bool failed = phase == TRAININGJOB_STATUS_PHASE_FAILED, succeeded = phase == TRAININGJOB_STATUS_PHASE_SUCCEEDED;
    bool running = phase == TRAININGJOB_STATUS_PHASE_RUNNING;

    plan_condition(out,
                   "Running",
                   running,
                   running ? "PodsRunning" : phase_names[phase],
                   "%s",
                   running ? "All pods are running" : "Not all pods are running");
    plan_condition(out,
                   "Complete",
                   succeeded,
                   succeeded ? "WorkersSucceeded" : phase_names[phase],
                   "%s",
                   succeeded ? "All workers succeeded" : "The workers have not succeeded");
    plan_condition(out,
                   "Failed",
                   failed,
                   failed ? job->blame.reason : phase_names[phase],
                   "%s",
                   failed ? failure_text(job) : "No failure has ended the job");
    say_reconciling(job, out, phase);
    if (accepted)
        plan_condition(out,
                       "Stalled",
                       failed,
                       failed ? job->blame.reason : "NotStalled",
                       "%s",
                       failed ? failure_text(job) : "No person is needed");
}

static void say_events(const struct job *job, struct plan *out, enum trainingjob_status_phase phase)
{
    if (phase == job->status->phase)
        return;
    if (phase == TRAININGJOB_STATUS_PHASE_STARTING)
        plan_event(out, false, "Started", "CreatePods", "Creating %d pods", job->desired);
    if (phase == TRAININGJOB_STATUS_PHASE_RUNNING)
        plan_event(out, false, "Running", "Watch", "All %d pods are running", job->desired);
    if (phase == TRAININGJOB_STATUS_PHASE_SUCCEEDED)
        plan_event(out, false, "Succeeded", "Complete", "All %d workers succeeded", job->world);
    if (job->outcome == OUTCOME_FAILED && !job->outcome_recorded)
        plan_event(out, true, "Failed", "StopPods", "%s", failure_text(job));
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
    plan_status(out, "restarts", jb_int(0));
    plan_status(out, "podsReady", jb_fmt("%d/%d", job->ready, job->desired));
    plan_status(out, "roles", roles_status(job));
    plan_status(out, "lastFailure", job->outcome == OUTCOME_FAILED ? last_failure(job) : NULL);
    say_events(job, out, phase);
}
