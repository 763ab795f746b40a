#include "rollout.h"

#include <string.h>

#include "../agent/words.h"

/*
 * What comes next. The order is fixed: pods before traffic, looked at through their own Service before others see them;
 * on the way back traffic before pods. Each step is in the status before anything is done about it.
 *
 *     FREEING -> STARTING -> SHIFTING -> STARTING -> ... -> PROMOTING -> stable
 *                    any of them -> RETURNING -> retiring
 */

enum {
    FAILED_KEPT = 30, /* seconds that a revision which gave its traffic back is kept, for requests under way */
};

void tell(struct endpoint *endpoint, bool warns, const char *reason, const char *text)
{
    endpoint->event_warns = warns;
    endpoint->event_reason = reason;
    endpoint->event_text = text;
}

void wait_for(struct endpoint *endpoint, const char *reason, const char *text)
{
    if (endpoint->why)
        return;
    endpoint->why_reason = reason;
    endpoint->why = text;
}

void forget_waiting(struct endpoint *endpoint)
{
    endpoint->why = endpoint->why_reason = NULL;
    endpoint->is_patient = endpoint->needs_person = false;
}

void wait_patiently(struct endpoint *endpoint, const char *reason, const char *text)
{
    wait_for(endpoint, reason, text);
    endpoint->is_patient = true;
}

void look_again(struct endpoint *endpoint, int64_t at)
{
    if (at > now(endpoint) && (!endpoint->look_again_at || at < endpoint->look_again_at))
        endpoint->look_again_at = at;
}

/* -- the beginning ---------------------------------------------------------------------------------------------------
 */

static void begin(struct endpoint *endpoint)
{
    struct revision *revision = take_revision(endpoint);
    bool recreates = endpoint->rules.strategy == STRATEGY_RECREATE && !is_initial(endpoint);

    if (!revision) {
        wait_for(endpoint, "Retiring", "The next revision waits until what is left of an older one is gone");
        return;
    }
    revision->role = ROLE_CANDIDATE;
    revision->retire_at = 0;
    endpoint->candidate = revision;
    endpoint->rollout = (struct rollout){ .strategy = endpoint->rules.strategy,
                                          .state = recreates ? STATE_FREEING : STATE_STARTING,
                                          .replicas = endpoint->stable ? endpoint->stable->replicas : 0,
                                          .start_time = now(endpoint),
                                          .progress_time = now(endpoint),
                                          .paused = endpoint->rules.paused };
    tell(endpoint,
         false,
         "RolloutStarted",
         is_initial(endpoint) ? arena_printf(endpoint->arena, "%s is the first revision", revision->recipe.name)
                              : arena_printf(endpoint->arena,
                                             "%s is to take over from %s",
                                             revision->recipe.name,
                                             endpoint->stable->recipe.name));
}

/* The shares of a route that the cluster cannot have are no shares: better to wait than to skip what was asked for. */
static bool cannot_share(struct endpoint *endpoint)
{
    if (endpoint->rules.strategy != STRATEGY_CANARY || is_initial(endpoint) || has_route(endpoint))
        return false;
    wait_for(endpoint,
             "GatewayAPIMissing",
             endpoint->candidate ? "cannot be given its share: this cluster has no Gateway API; install it, or write "
                                   "another spec.rollout.strategy"
                                 : "Canary shares traffic by a route, and this cluster has no Gateway API: install it, "
                                   "or write another spec.rollout.strategy");
    endpoint->needs_person = true;
    return true;
}

/* It is asked for, may be tried, and does not serve already. */
static bool is_target_new(const struct endpoint *endpoint)
{
    const struct target *target = &endpoint->target;

    return target->known && !target->problem && !find_rejection(endpoint) &&
           (!endpoint->stable || strcmp(endpoint->stable->recipe.name, target->recipe.name) != 0);
}

static bool is_due(struct endpoint *endpoint)
{
    return is_target_new(endpoint) && !cannot_share(endpoint);
}

/* -- the way back ----------------------------------------------------------------------------------------------------
 */

void forget_rejection(struct endpoint *endpoint)
{
    int kept = 0;

    for (int i = 0; i < endpoint->rejected_count; i++)
        if (strcmp(endpoint->rejected[i].revision, endpoint->candidate->recipe.name) != 0)
            endpoint->rejected[kept++] = endpoint->rejected[i];
    endpoint->rejected_count = kept;
}

static void reject(struct endpoint *endpoint, const char *reason, const char *message)
{
    const char *requested = endpoint->in->self->requested_at;
    int kept;

    forget_rejection(endpoint);
    kept = endpoint->rejected_count;
    if (kept == MAX_REJECTED)
        memmove(endpoint->rejected, endpoint->rejected + 1, (size_t)--kept * sizeof(*endpoint->rejected));
    endpoint->rejected[kept] = (struct rejection){
        endpoint->candidate->recipe.name, reason, message, *requested ? requested : NULL, now(endpoint)
    };
    endpoint->rejected_count = kept + 1;
}

static void turn_back(struct endpoint *endpoint, const char *reason, const char *message)
{
    struct rollout *rollout = &endpoint->rollout;
    bool superseded = strcmp(reason, "Superseded") == 0;

    rollout->state = STATE_RETURNING;
    rollout->step_time = 0;
    rollout->progress_time = now(endpoint);
    rollout->reason = reason;
    rollout->message = message;
    forget_waiting(endpoint);
    if (!superseded)
        reject(endpoint, reason, message);
    tell(endpoint, !superseded, superseded ? "RolloutSuperseded" : "RollingBack", message);
}

void end_rollout(struct endpoint *endpoint, int result)
{
    forget_waiting(endpoint);
    endpoint->last = (struct ending){ endpoint->candidate->recipe.name, endpoint->rollout.reason,
                                      endpoint->rollout.message,        result,
                                      endpoint->rollout.start_time,     now(endpoint),
                                      endpoint->candidate->startup };
}

static void end_return(struct endpoint *endpoint)
{
    bool superseded = strcmp(endpoint->rollout.reason, "Superseded") == 0;
    int kept = endpoint->rules.scale_down_delay < FAILED_KEPT ? endpoint->rules.scale_down_delay : FAILED_KEPT;

    end_rollout(endpoint,
                superseded ? SERVINGENDPOINT_STATUS_LAST_ROLLOUT_RESULT_SUPERSEDED
                           : SERVINGENDPOINT_STATUS_LAST_ROLLOUT_RESULT_ROLLEDBACK);
    if (!superseded)
        tell(endpoint, true, "RolledBack", endpoint->rollout.message);
    endpoint->candidate->role = ROLE_RETIRING;
    endpoint->candidate->retire_at =
        now(endpoint) + (superseded && endpoint->candidate->proven ? endpoint->rules.scale_down_delay : kept);
    endpoint->candidate = NULL;
    endpoint->rollout = (struct rollout){ 0 };
}

/* All Gateways that have the route have seen it so; where none says anything, some time has passed. */
bool is_routed(struct endpoint *endpoint, int percent, int64_t since)
{
    if (is_route_hidden(endpoint))
        return false;
    if (!has_route(endpoint) || !shares_route(endpoint))
        return true;
    if (!endpoint->route.object || !route_gives(endpoint, percent))
        return false;
    if (endpoint->route.judged)
        return endpoint->route.shown && !endpoint->route.problem;
    look_again(endpoint, since + UNSEEN_AFTER);
    return now(endpoint) >= since + UNSEEN_AFTER;
}

const char *unseen_text(const struct endpoint *endpoint, const char *otherwise)
{
    if (is_route_hidden(endpoint))
        return "waits until the operator may read routes, of which some may still send elsewhere: its ClusterRole "
               "lacks "
               "gateway.networking.k8s.io";
    return endpoint->route.problem
               ? arena_printf(endpoint->arena, "cannot be given another share: %s", endpoint->route.problem)
               : otherwise;
}

/* Of those that have traffic the candidate alone has ready pods. */
static bool answers_alone(const struct endpoint *endpoint)
{
    return !is_initial(endpoint) && has_route(endpoint) && endpoint->rollout.traffic && endpoint->candidate->ready &&
           !endpoint->stable->ready;
}

/* Neither of the two is asked for any more, but a third one that may be tried. */
static bool is_third_wanted(const struct endpoint *endpoint)
{
    return is_target_new(endpoint) && strcmp(endpoint->target.recipe.name, endpoint->candidate->recipe.name) != 0;
}

/* It has waited long enough for the stable revision to take its traffic back, and goes on for the third one's sake. */
static bool stands_in(const struct endpoint *endpoint)
{
    return answers_alone(endpoint) && endpoint->rollout.step >= endpoint->rules.step_count && is_third_wanted(endpoint);
}

static void stand_in(struct endpoint *endpoint)
{
    struct rollout *rollout = &endpoint->rollout;

    rollout->state = STATE_STARTING;
    rollout->step = endpoint->rules.step_count;
    rollout->reason = rollout->message = NULL;
    rollout->progress_time = now(endpoint);
    forget_waiting(endpoint);
    tell(endpoint,
         true,
         "StandingIn",
         arena_printf(endpoint->arena,
                      "%s stands in for %s, of which no pod was ready for %d seconds (progressDeadlineSeconds): %s "
                      "begins when it has all traffic",
                      endpoint->candidate->recipe.name,
                      endpoint->stable->recipe.name,
                      endpoint->rules.deadline,
                      endpoint->target.recipe.name));
}

static void give_back(struct endpoint *endpoint)
{
    if (!endpoint->rollout.traffic)
        return;
    endpoint->rollout.traffic = 0;
    endpoint->rollout.progress_time = now(endpoint);
}

void call_person(struct endpoint *endpoint, int64_t since)
{
    int64_t late = since + endpoint->rules.deadline;

    look_again(endpoint, late);
    endpoint->needs_person = now(endpoint) >= late;
}

static void go_back(struct endpoint *endpoint)
{
    struct rollout *rollout = &endpoint->rollout;
    bool empties = rollout->strategy == STRATEGY_RECREATE && !is_initial(endpoint);

    if (answers_alone(endpoint) && !empties) { /* better badly answered than not at all */
        wait_for(endpoint,
                 "ReturningTraffic",
                 arena_printf(
                     endpoint->arena, "keeps its traffic until a pod of %s is ready", endpoint->stable->recipe.name));
        call_person(endpoint, rollout->progress_time);
        if (endpoint->needs_person && is_third_wanted(endpoint))
            stand_in(endpoint);
        return;
    }
    give_back(endpoint);
    if (!is_routed(endpoint, 0, rollout->progress_time)) {
        wait_for(endpoint,
                 "ReturningTraffic",
                 unseen_text(endpoint, "waits until Gateways have seen that it gets no traffic"));
        call_person(endpoint, rollout->progress_time);
        return;
    }
    if (empties && endpoint->candidate->pods_left) {
        wait_for(endpoint, "FreeingResources", "waits until its pods are gone");
        call_person(endpoint, rollout->progress_time);
        return;
    }
    end_return(endpoint);
}

/* -- what turns it back
 * ------------------------------------------------------------------------------------------------ */

/* In a step time runs from where its hold ends; a person may take as long as a person takes. */
static bool is_late(struct endpoint *endpoint)
{
    const struct rollout *rollout = &endpoint->rollout;
    int64_t from = rollout->progress_time;

    if (endpoint->is_patient)
        return false;
    if (rollout->state == STATE_SHIFTING && hold_ends(endpoint) > from)
        from = hold_ends(endpoint);
    look_again(endpoint, from + endpoint->rules.deadline);
    return now(endpoint) >= from + endpoint->rules.deadline;
}

static const char *late_text(const struct endpoint *endpoint)
{
    return arena_printf(endpoint->arena,
                        "%s came no further for %d seconds (progressDeadlineSeconds): it %s",
                        endpoint->candidate->recipe.name,
                        endpoint->rules.deadline,
                        endpoint->why && *endpoint->why ? endpoint->why : "waits");
}

/* Reasons that need no look at how far it is. */
static bool is_turned_back(struct endpoint *endpoint)
{
    const struct target *target = &endpoint->target;
    const char *name = endpoint->candidate->recipe.name;

    if (stands_in(endpoint))
        return false;
    if (target->known && !target->problem && strcmp(target->recipe.name, name) != 0) {
        turn_back(endpoint,
                  "Superseded",
                  arena_printf(
                      endpoint->arena, "%s gives way to %s, which the spec asks for now", name, target->recipe.name));
        return true;
    }
    if (is_initial(endpoint))
        return false; /* there is nothing to go back to */
    if (strcmp(endpoint->rules.reject, name) == 0) {
        turn_back(endpoint, "Rejected", arena_printf(endpoint->arena, "%s was rejected by spec.rollout.reject", name));
        return true;
    }
    if (endpoint->rollout.traffic && !endpoint->candidate->ready && endpoint->stable->ready) {
        turn_back(endpoint,
                  "LostReadiness",
                  arena_printf(endpoint->arena, "no pod of %s is ready any more, and it had traffic", name));
        return true;
    }
    if (endpoint->rollout.failures > endpoint->rules.failure_limit) {
        turn_back(endpoint,
                  "ChecksFailed",
                  arena_printf(endpoint->arena,
                               "%s failed %s at its checks (failureLimit is %d); the last: %.600s",
                               name,
                               count_text(endpoint->arena, endpoint->rollout.failures, "look"),
                               endpoint->rules.failure_limit,
                               endpoint->rollout.message ? endpoint->rollout.message : ""));
        return true;
    }
    return false;
}

/* A pause stops the clock: what it took does not count against the deadline. */
static bool is_paused(struct endpoint *endpoint)
{
    struct rollout *rollout = &endpoint->rollout;

    if (rollout->paused && !endpoint->rules.paused)
        rollout->progress_time = now(endpoint);
    rollout->paused = endpoint->rules.paused;
    if (rollout->paused)
        wait_for(endpoint, "Paused", "is paused: set spec.rollout.paused to false to go on");
    return rollout->paused;
}

/* There is nothing to go back to: it goes on waiting, and says that somebody should look. */
static void stay_late(struct endpoint *endpoint)
{
    endpoint->needs_person = true;
    if (strcmp(endpoint->why_reason, "Starting") == 0)
        endpoint->why_reason = "ProgressDeadlineExceeded";
    endpoint->why = arena_printf(endpoint->arena,
                                 "%s, for %d seconds and more (progressDeadlineSeconds)",
                                 endpoint->why,
                                 endpoint->rules.deadline);
}

static void carry_on(struct endpoint *endpoint)
{
    if (!endpoint->spec->route)
        endpoint->rollout.traffic = 0;
    if (!skips_steps(endpoint))
        take_checks(endpoint);
    if (is_turned_back(endpoint) || is_paused(endpoint) || cannot_share(endpoint))
        return;
    while (goes_on(endpoint))
        ;
    if (!endpoint->candidate || !endpoint->why || !is_late(endpoint))
        return;
    if (is_initial(endpoint))
        stay_late(endpoint);
    else
        turn_back(endpoint, "ProgressDeadlineExceeded", late_text(endpoint));
}

/* True when the rollout has ended, one way or the other. */
static bool is_over(struct endpoint *endpoint)
{
    bool returns = endpoint->rollout.state == STATE_RETURNING;

    if (returns)
        go_back(endpoint);
    if (endpoint->candidate && endpoint->rollout.state != STATE_RETURNING)
        carry_on(endpoint);
    if (endpoint->candidate && endpoint->rollout.state == STATE_RETURNING && !returns)
        go_back(endpoint);
    return !endpoint->candidate;
}

/* Each pass decides all that follows from what it sees: the next one finds nothing to add. */
static void decide(struct endpoint *endpoint)
{
    if (endpoint->candidate && !is_over(endpoint))
        return;
    if (!is_due(endpoint))
        return;
    begin(endpoint);
    if (endpoint->candidate)
        is_over(endpoint);
}

void decide_rollout(struct endpoint *endpoint)
{
    decide(endpoint);
    forget_gone(endpoint);
}
