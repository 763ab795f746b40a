#include <string.h>

#include "job.h"

enum {
    SIGNAL_BASE = 128,
    MAX_RESTARTS = 3, /* the defaults of failurePolicy */
    BACKOFF = 10,
    MAX_BACKOFF = 600,
    SOON = 60,            /* seconds: a pod that fails so soon after its start, twice, will do it again */
    PROGRESS_AFTER = 600, /* seconds that all pods ran together: without reports, that is progress */
};

enum action {
    ACTION_NONE,
    FAIL_JOB = TRAININGJOB_SPEC_FAILURE_POLICY_RULES_ACTION_FAILJOB,
    RESTART_JOB = TRAININGJOB_SPEC_FAILURE_POLICY_RULES_ACTION_RESTARTJOB,
    RESTART_JOB_UNCOUNTED = TRAININGJOB_SPEC_FAILURE_POLICY_RULES_ACTION_RESTARTJOBUNCOUNTED,
    RESTART_POD = TRAININGJOB_SPEC_FAILURE_POLICY_RULES_ACTION_RESTARTPOD,
    IGNORE = TRAININGJOB_SPEC_FAILURE_POLICY_RULES_ACTION_IGNORE,
};

/* -- the record --------------------------------------------------------------------------------------------------- */

static struct trainingjob_status_attempts *present(struct job *job)
{
    return &job->attempts[job->attempt_count - 1];
}

static void add_attempt(struct job *job, int64_t start)
{
    if (job->attempt_count == MAX_ATTEMPTS) {
        memmove(&job->attempts[0], &job->attempts[1], (MAX_ATTEMPTS - 1) * sizeof(job->attempts[0]));
        job->attempt_count--;
        job->recorded_attempts--;
    }
    job->attempts[job->attempt_count++] =
        (struct trainingjob_status_attempts){ .attempt = job->attempt, .has_attempt = true, .start_time = start };
}

void read_attempts(struct job *job)
{
    const struct trainingjob_status *status = job->status;

    for (size_t i = 0; i < status->attempts_count && job->attempt_count < MAX_ATTEMPTS; i++)
        job->attempts[job->attempt_count++] = status->attempts[i];
    job->recorded_attempts = job->attempt_count;
    job->restarts = (int)status->restarts;
    job->restarts_without_progress = (int)status->restarts_without_progress;
    if (job->attempt_count && present(job)->attempt == job->attempt)
        return;
    add_attempt(job, status->start_time ? status->start_time : job->in->now);
    if (status->last_failure && job->attempt == 1) /* it is of the only one there was */
        present(job)->reason = status->last_failure->reason;
}

bool failure_is_recorded(const struct job *job)
{
    const struct trainingjob_status_attempts *attempt = &job->attempts[job->attempt_count - 1];

    return attempt->reason && !attempt_is_suspended(attempt);
}

int64_t recorded_run(const struct job *job)
{
    const struct trainingjob_status_attempts *attempt = &job->attempts[job->attempt_count - 1];

    return attempt->has_lost_seconds ? attempt->lost_seconds : -1;
}

static void end_attempt(struct job *job)
{
    struct trainingjob_status_attempts *attempt = present(job);
    const struct blame *blame = &job->blame;

    count_accelerators(job, true);
    attempt->end_time = blame->ended_at ? blame->ended_at : job->in->now;
    attempt->role = *blame->role ? blame->role : NULL;
    attempt->index = blame->index;
    attempt->has_index = *blame->role;
    attempt->node = *blame->node ? blame->node : NULL;
    attempt->exit_code = blame->exit_code;
    attempt->has_exit_code = blame->ended;
    attempt->reason = blame->reason;
    attempt->message = *blame->log_tail ? blame->log_tail : NULL;
    attempt->lost_seconds = blame->ran_for;
    attempt->has_lost_seconds = blame->ran_for >= 0;
}

json_t *attempts_status(const struct job *job)
{
    json_t *attempts = json_array();

    for (int i = 0; i < job->attempt_count; i++) {
        const struct trainingjob_status_attempts *at = &job->attempts[i];
        const char *hash = i < job->recorded_attempts ? at->spec_hash : spec_hash(job);

        jb_append(attempts,
                  OBJ({ "attempt", jb_int(at->attempt) },
                      { "specHash", hash ? jb_str(hash) : NULL },
                      { "startTime", jb_str(fields_format_time(job->arena, at->start_time)) },
                      { "endTime", at->end_time ? jb_str(fields_format_time(job->arena, at->end_time)) : NULL },
                      { "role", at->role ? jb_str(at->role) : NULL },
                      { "index", at->has_index ? jb_int(at->index) : NULL },
                      { "node", at->node ? jb_str(at->node) : NULL },
                      { "exitCode", at->has_exit_code ? jb_int(at->exit_code) : NULL },
                      { "reason", at->reason ? jb_fmt("%.253s", at->reason) : NULL },
                      { "message", at->message ? jb_str(at->message) : NULL },
                      { "lostSeconds", at->has_lost_seconds ? jb_int(at->lost_seconds) : NULL }));
    }
    return attempts;
}

/* -- pods that are made anew alone -------------------------------------------------------------------------------- */

/* An entry stays until the new pod is seen: without it, that pod would count as lost. */
void read_replacing(struct job *job)
{
    const struct trainingjob_status *status = job->status;

    for (size_t i = 0; i < status->replacing_count && job->replacing_count < MAX_REPLACING; i++) {
        const struct trainingjob_status_replacing *entry = &status->replacing[i];
        struct place *place = find_place(job, entry->role, entry->index);

        if (!place || (place->pod && strcmp(place->pod->uid, entry->uid) != 0))
            continue;
        place->replaced = place->pod;
        place->renewed = !place->pod;
        job->replacing[job->replacing_count++] = *entry;
    }
}

json_t *replacing_status(const struct job *job)
{
    json_t *list = job->replacing_count ? json_array() : NULL;

    for (int i = 0; i < job->replacing_count; i++)
        jb_append(list,
                  OBJ({ "role", jb_str(job->replacing[i].role) },
                      { "index", jb_int(job->replacing[i].index) },
                      { "uid", jb_str(job->replacing[i].uid) }));
    return list;
}

/* The pod to blame, in an attempt that goes on. */
static void replace_pod(struct job *job)
{
    struct place *place = find_place(job, job->blame.role, job->blame.index);

    place->to_replace = true;
    job->replacing[job->replacing_count++] = (struct trainingjob_status_replacing){
        .role = job->blame.role, .index = job->blame.index, .has_index = true, .uid = place->pod->uid
    };
    count_again(job);
}

/* -- rules -------------------------------------------------------------------------------------------------------- */

static bool has_text(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

static bool has_number(const int64_t *list, size_t count, int64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == number)
            return true;
    return false;
}

/* The action of the first rule of the user's that matches, or ACTION_NONE. */
static enum action action_by_rules(const struct job *job, const struct blame *blame)
{
    const struct trainingjob_spec_failure_policy *policy = job->spec->failure_policy;

    for (size_t i = 0; policy && i < policy->rules_count; i++) {
        const struct trainingjob_spec_failure_policy_rules *rule = &policy->rules[i];

        if ((!rule->roles_count || has_text(rule->roles, rule->roles_count, blame->role)) &&
            (has_text(rule->on_reasons, rule->on_reasons_count, blame->reason) ||
             (blame->ended && has_number(rule->on_exit_codes, rule->on_exit_codes_count, blame->exit_code))))
            return (enum action)rule->action;
    }
    return ACTION_NONE;
}

/* The attempt before ended as this one does: the same pod, the same code, as soon after its start. */
static bool fails_the_same_way(const struct job *job)
{
    const struct blame *blame = &job->blame;

    for (int i = 0; i < job->attempt_count; i++) {
        const struct trainingjob_status_attempts *before = &job->attempts[i];

        if (before->attempt == job->attempt - 1 && before->role && strcmp(before->role, blame->role) == 0 &&
            before->index == blame->index && before->has_exit_code && before->exit_code == blame->exit_code &&
            before->has_lost_seconds && before->lost_seconds <= SOON)
            return blame->ran_for >= 0 && blame->ran_for <= SOON;
    }
    return false;
}

static enum action built_in_action(const struct job *job)
{
    static const char *const hopeless[] = { "OOMKilled", "DeadlineExceeded" };
    static const char *const disruptions[] = { "Disrupted", "Evicted", "Preempted", "NodeLost" };
    const struct blame *blame = &job->blame;

    if (has_text(hopeless, sizeof(hopeless) / sizeof(hopeless[0]), blame->reason))
        return FAIL_JOB;
    if (has_text(disruptions, sizeof(disruptions) / sizeof(disruptions[0]), blame->reason))
        return RESTART_JOB_UNCOUNTED;
    if (blame->ended && blame->exit_code <= SIGNAL_BASE && fails_the_same_way(job))
        return FAIL_JOB;
    return RESTART_JOB;
}

/* That it can blame: it may be lost instead, or hang on its node. */
static bool has_failed_pod(const struct job *job)
{
    const struct place *place = find_place(job, job->blame.role, job->blame.index);

    return place && place->pod && place->pod->pod.phase == POD_FAILED;
}

static enum action action_for_blame(const struct job *job)
{
    enum action action = action_by_rules(job, &job->blame);

    if (strcmp(job->blame.reason, "DeadlineExceeded") == 0 || action == IGNORE)
        return FAIL_JOB; /* nobody is left to go on */
    if (action == RESTART_POD && (!has_failed_pod(job) || job->replacing_count == MAX_REPLACING))
        return RESTART_JOB; /* nothing can take its place */
    return action ? action : built_in_action(job);
}

bool failure_is_ignored(const struct job *job, const struct blame *blame)
{
    return action_by_rules(job, blame) == IGNORE;
}

static bool has_made_progress(const struct job *job)
{
    int64_t end = job->blame.ended_at ? job->blame.ended_at : job->in->now;

    for (size_t i = 0; i < job->status->conditions_count; i++) {
        const struct trainingjob_status_conditions *condition = &job->status->conditions[i];

        if (strcmp(condition->type, "Running") == 0 && condition->status == TRAININGJOB_STATUS_CONDITIONS_STATUS_TRUE)
            return end - condition->last_transition_time >= PROGRESS_AFTER;
    }
    return false;
}

/* Counted restarts since the last progress. */
static int counted_restarts(const struct job *job)
{
    return has_made_progress(job) ? 0 : job->restarts_without_progress;
}

bool restarts_are_spent(const struct job *job)
{
    const struct trainingjob_spec_failure_policy *policy = job->spec->failure_policy;
    enum action action = action_for_blame(job);

    return (action == RESTART_JOB || action == RESTART_POD) &&
           counted_restarts(job) >= (policy && policy->has_max_restarts ? policy->max_restarts : MAX_RESTARTS);
}

void decide_restart(struct job *job)
{
    enum action action = action_for_blame(job);

    job->spent = restarts_are_spent(job);
    if (action == FAIL_JOB || job->spent) {
        end_attempt(job);
        return;
    }
    job->restarts++;
    job->restarts_without_progress = counted_restarts(job) + (action != RESTART_JOB_UNCOUNTED);
    job->outcome = OUTCOME_OPEN;
    if (action == RESTART_POD) {
        replace_pod(job);
    } else {
        end_attempt(job);
        job->begins_again = true;
        job_next_attempt(job);
        add_attempt(job, job->in->now);
    }
    job->blame = (struct blame){ 0 };
}

void end_by_suspension(struct job *job)
{
    count_accelerators(job, true);
    present(job)->end_time = job->in->now;
    present(job)->reason = "Suspended";
}

void resume_attempt(struct job *job)
{
    job->begins_again = job->resumes = true;
    job_next_attempt(job);
    add_attempt(job, job->in->now);
}

/* -- between attempts ---------------------------------------------------------------------------------------------- */

static bool is_short(const struct trainingjob_status_attempts *attempt)
{
    return attempt->lost_seconds < PROGRESS_AFTER && !attempt_is_suspended(attempt);
}

/* Doubled for each attempt in a row that ended before it got anywhere; nothing after a suspension. */
static int64_t backoff(const struct job *job)
{
    const struct trainingjob_spec_failure_policy *policy = job->spec->failure_policy;
    const struct trainingjob_spec_failure_policy_backoff *backoff = policy ? policy->backoff : NULL;
    int64_t delay = backoff && backoff->has_initial_seconds ? backoff->initial_seconds : BACKOFF;
    int64_t most = backoff && backoff->has_max_seconds ? backoff->max_seconds : MAX_BACKOFF;

    if (follows_suspension(job))
        return 0;
    for (int i = job->attempt_count - 2; i > 0 && is_short(&job->attempts[i]) && delay < most; i--)
        delay *= 2;
    return delay < most ? delay : most;
}

int64_t attempt_starts_at(const struct job *job)
{
    int64_t decided = job->attempts[job->attempt_count - 1].start_time;

    /* Decided in the future: the clock was wrong then, or is now. Nobody shall wait until it is right. */
    return job->attempt > 1 && decided <= job->in->now ? decided + backoff(job) : job->in->now;
}

bool is_between_attempts(const struct job *job)
{
    struct objects pods = job->in->children[KIND_POD];

    if (job->attempt == 1 || job->missing < job->desired)
        return false;
    for (size_t i = 0; i < pods.count; i++)
        if (pods.items[i]->attempt < job->attempt)
            return true;
    return job->in->now < attempt_starts_at(job);
}

/* Some pod of this attempt is or was there, and none is made without what it needs. */
static bool has_any_pod(const struct job *job)
{
    for (int i = 0; i < job->role_count; i++)
        for (int index = 0; index < job->roles[i].replicas; index++)
            if (job->roles[i].places[index].pod || job->roles[i].places[index].recorded)
                return true;
    return false;
}

bool is_before_first_pod(const struct job *job)
{
    return !is_between_attempts(job) && !has_any_pod(job);
}
