/* Invariants on what the operator writes into the status of a job. */

#include <stdio.h>
#include <string.h>

#include "../../controllers/trainingjob/trainingjob_fields.h"
#include "../../operator/base/fields.h"
#include "facts.h"
#include "invariants.h"
#include "kubelet.h"
#include "trees.h"
#include "world.h"

enum { SCHEMA_EVERY = 16 }; /* the full check is slow: one history in so many has it */

/* -- nothing is taken back ---------------------------------------------------------------------------------------- */

static void status_loses_nothing(struct world *world, const char *job, const char *what)
{
    BROKEN(world, "the status of %s loses %s", job, what);
}

static bool is_kept(const json_t *before, const json_t *after, const char *field)
{
    return !jb_get(before, field) || json_equal(jb_get(before, field), jb_get(after, field));
}

static bool stays_true(const json_t *before, const json_t *after, const char *type)
{
    return !tree_condition_is_true(before, type) || tree_condition_is_true(after, type);
}

static bool successes_are_kept(const json_t *before, const json_t *after)
{
    const json_t *roles = jb_get(jb_get(before, "status"), "roles");

    for (size_t i = 0; i < json_array_size(roles); i++) {
        const json_t *role = json_array_get(roles, i);
        const char *name = jb_get_str(role, "name");

        for (int index = 0; index < fact_replicas(before, name); index++)
            if (fact_success_is_recorded(before, name, index) && !fact_success_is_recorded(after, name, index))
                return false;
    }
    return true;
}

/* Nobody can know how a pod ended whose finalizer was taken off by a person; one that never came to a node did not. */
static bool was_lost(const struct life *life)
{
    return life && life->thing->gone && (life->stripped || life->node < 0);
}

/*
 * A job that is refused before its first pod has not begun, and may be corrected and begin anew. Pods that a person hid
 * by taking off the label are none that the operator could know of.
 */
static bool has_had_pods(const struct world *world, const struct thing *job)
{
    for (const struct life *life = world->lives; life; life = life->next)
        if (strcmp(life->job_uid, job->uid) == 0 && life->node >= 0 && !was_lost(life) &&
            !fact_is_invisible(life->thing))
            return true;
    return false;
}

static bool roles_stay_created(const json_t *before, const json_t *after)
{
    const json_t *roles = jb_get(jb_get(before, "status"), "roles");

    for (size_t i = 0; i < json_array_size(roles); i++) {
        const char *name = jb_get_str(json_array_get(roles, i), "name");

        if (json_is_true(jb_get(json_array_get(roles, i), "created")) && fact_replicas(after, name) >= 0 &&
            !json_is_true(jb_get(fact_role_status(after, name), "created")))
            return false;
    }
    return true;
}

static void check_beginning(struct world *world, const struct thing *job, const json_t *before, const json_t *after)
{
    const json_t *from = jb_get(before, "status"), *to = jb_get(after, "status");

    if (!has_had_pods(world, job))
        return;
    if (fact_attempt(before) == fact_attempt(after) && !roles_stay_created(before, after))
        status_loses_nothing(world, job->name, "that the pods of a role were made");
    if (!is_kept(from, to, "startTime"))
        status_loses_nothing(world, job->name, "startTime");
    if (jb_get_int(to, "attempt", 0) < jb_get_int(from, "attempt", 0))
        status_loses_nothing(world, job->name, "attempt");
}

static void check_kept(struct world *world, const char *name, const json_t *before, const json_t *after)
{
    const json_t *from = jb_get(before, "status"), *to = jb_get(after, "status");
    bool same_attempt = fact_attempt(before) == fact_attempt(after);

    if (!is_kept(from, to, "completionTime"))
        status_loses_nothing(world, name, "completionTime");
    if (same_attempt && fact_attempt_failed(before) && !is_kept(from, to, "lastFailure"))
        status_loses_nothing(world, name, "lastFailure");
    if (!stays_true(from, to, "Complete") || !stays_true(from, to, "Failed"))
        status_loses_nothing(world, name, "its terminal condition");
    if (fact_outcome_is_recorded(before) && !fact_outcome_is_recorded(after))
        status_loses_nothing(world, name, "its outcome");
    if (fact_is_terminal(before) && strcmp(fact_phase(before), fact_phase(after)) != 0)
        status_loses_nothing(world, name, "its last phase");
    if (same_attempt && !successes_are_kept(before, after))
        status_loses_nothing(world, name, "what it says about a role");
}

/* -- verdicts ----------------------------------------------------------------------------------------------------- */

static void verdicts_are_true(struct world *world, const char *job, const char *why)
{
    BROKEN(world, "%s is judged wrongly: %s", job, why);
}

static bool has_any_success(const struct world *world, const struct thing *job, const json_t *tree)
{
    for (const struct life *life = world->lives; life; life = life->next)
        if (strcmp(life->job_uid, job->uid) == 0 && life->seen == LIFE_SUCCEEDED && fact_decides(tree, life->role))
            return true;
    return false;
}

static void check_success(struct world *world, const struct thing *job, const json_t *tree)
{
    const json_t *roles = jb_get(jb_get(tree, "spec"), "roles");
    const char *required = fact_required(tree);
    char why[256];

    if (strcmp(required, "Any") == 0) {
        if (!has_any_success(world, job, tree))
            verdicts_are_true(world, job->name, "success, but no pod that decides has succeeded");
        return;
    }

    for (size_t i = 0; i < json_array_size(roles); i++) {
        const char *role = jb_get_str(json_array_get(roles, i), "name");

        int count = strcmp(required, "First") == 0 ? 1 : fact_replicas(tree, role);

        for (int index = 0; fact_decides(tree, role) && index < count; index++) {
            const struct life *life = life_of(world, job->uid, role, index);

            if (life && life->seen == LIFE_SUCCEEDED)
                continue;
            snprintf(why, sizeof(why), "success, but %s-%d %s", role, index, life ? "did not succeed" : "never was");
            verdicts_are_true(world, job->name, why);
        }
    }
}

static bool deadline_is_over(const struct world *world, const json_t *job)
{
    const json_t *seconds = jb_get(jb_get(job, "spec"), "activeDeadlineSeconds"), *status = jb_get(job, "status");
    int64_t suspended = jb_get_int(status, "suspendedSeconds", 0);

    return seconds && fields_parse_time(jb_get_str(status, "startTime")) + suspended + json_integer_value(seconds) <=
                          server_time(world);
}

static void check_failure(struct world *world, const struct thing *job, const json_t *tree, const json_t *failure)
{
    const char *role = jb_get_str(failure, "role"), *reason = jb_get_str(failure, "reason");
    int index = (int)jb_get_int(failure, "index", -1), code = (int)jb_get_int(failure, "exitCode", 0);
    const struct life *life = life_of(world, job->uid, role, index);
    bool had_container = life && life->started_at && !life->evicted;
    char why[256];

    if (strcmp(reason, "DeadlineExceeded") == 0) {
        if (!deadline_is_over(world, tree))
            verdicts_are_true(world, job->name, "failure by its deadline, which is not over");
        return;
    }
    if (strcmp(reason, "NodeLost") == 0 && life && (life->thing->gone || thing_is_deleting(life->thing)))
        return;
    if (strcmp(reason, "PodLost") == 0
            ? was_lost(life)
            : life && life->seen == LIFE_FAILED && (!had_container || life->exit_code == code))
        return;
    snprintf(why,
             sizeof(why),
             "failure by %s-%d (%s, code %d), but that pod %s",
             role,
             index,
             reason,
             code,
             !life                          ? "never was"
             : life->seen == LIFE_FAILED    ? "failed otherwise"
             : life->seen == LIFE_SUCCEEDED ? "succeeded"
                                            : "has not ended");
    verdicts_are_true(world, job->name, why);
}

static void check_verdict(struct world *world, const struct thing *job, const json_t *tree, bool is_judged)
{
    const json_t *status = jb_get(tree, "status"), *failure = jb_get(status, "lastFailure");
    const char *phase = fact_phase(tree);

    if (tree_condition_is_true(status, "Complete") != (strcmp(phase, "Succeeded") == 0) ||
        tree_condition_is_true(status, "Failed") != (strcmp(phase, "Failed") == 0))
        verdicts_are_true(world, job->name, "phase and conditions differ");
    if (!fact_outcome_is_recorded(tree))
        return;
    if (fact_attempt_failed(tree) != (strcmp(phase, "Failed") == 0) && fact_is_terminal(tree))
        verdicts_are_true(world, job->name, "its phase does not go with its last attempt");
    if (is_judged)
        return;
    if (fact_attempt_failed(tree))
        check_failure(world, job, tree, failure);
    else
        check_success(world, job, tree);
}

/* -- restarts ----------------------------------------------------------------------------------------------------- */

static bool follows_a_suspension(const json_t *job)
{
    const json_t *attempts = jb_get(jb_get(job, "status"), "attempts");
    size_t count = json_array_size(attempts);

    return count > 1 && strcmp(jb_get_str(json_array_get(attempts, count - 2), "reason"), "Suspended") == 0;
}

static void restarts_are_due(struct world *world, const struct thing *job, const json_t *before, const json_t *after)
{
    const json_t *status = jb_get(after, "status"), *policy = jb_get(jb_get(after, "spec"), "failurePolicy");

    if (fact_attempt(after) <= fact_attempt(before) || fact_attempt(after) == 1)
        return;
    if (fact_attempt(after) != fact_attempt(before) + 1)
        BROKEN(world, "%s goes from attempt %d to %d", job->name, fact_attempt(before), fact_attempt(after));
    if (follows_a_suspension(after) && !fact_attempt_is_suspended(before))
        return; /* it was suspended, edited and resumed while nobody looked */
    if (fact_attempt_is_suspended(before)) {
        if (json_is_true(jb_get(jb_get(before, "spec"), "suspend")) &&
            json_is_true(jb_get(jb_get(after, "spec"), "suspend")))
            BROKEN(world, "%s begins attempt %d, but is suspended", job->name, fact_attempt(after));
        return;
    }
    if (fact_outcome_is_recorded(before))
        BROKEN(world, "%s begins attempt %d, but its outcome is known", job->name, fact_attempt(after));
    if (jb_get_int(status, "restartsWithoutProgress", 0) > jb_get_int(policy, "maxRestarts", 3))
        BROKEN(world, "%s begins attempt %d, and its restarts are used up", job->name, fact_attempt(after));
    check_failure(world, job, after, jb_get(status, "lastFailure"));
}

/* -- the schema --------------------------------------------------------------------------------------------------- */

static void status_fits_schema(void *context, const char *path, const char *problem)
{
    struct world *world = context;

    BROKEN(world, "%s: %s", path, problem);
}

static void check_schema(struct world *world, const json_t *status)
{
    json_auto_t *copy = jb_copy(status);

    fields_check(&trainingjob_status_type, "status", copy, status_fits_schema, world);
}

void status_on_change(struct world *world, const struct change *change)
{
    const json_t *before = change->before->tree, *after = change->after->tree;

    check_beginning(world, change->thing, before, after);
    check_kept(world, change->thing->name, before, after);
    check_verdict(world, change->thing, after, fact_outcome_is_recorded(before));
    restarts_are_due(world, change->thing, before, after);
    if (world->seed % SCHEMA_EVERY == 0)
        check_schema(world, jb_get(after, "status"));
}
