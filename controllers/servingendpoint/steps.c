#include <string.h>

#include "../../operator/base/error.h"
#include "rollout.h"

/* The way on: pods, then a share, then waiting, and all of it again; at the end the candidate is the stable revision.
 */

static bool is_approved(const struct endpoint *endpoint)
{
    return strcmp(endpoint->rules.approve, endpoint->candidate->recipe.name) == 0;
}

bool skips_steps(const struct endpoint *endpoint)
{
    return is_initial(endpoint) || endpoint->candidate->proven;
}

static void promote(struct endpoint *endpoint)
{
    struct revision *stable = endpoint->stable, *candidate = endpoint->candidate;

    endpoint->rollout.reason = "Promoted";
    endpoint->rollout.message =
        stable ? arena_printf(endpoint->arena, "%s has taken over from %s", candidate->recipe.name, stable->recipe.name)
               : arena_printf(endpoint->arena, "%s is ready", candidate->recipe.name);
    end_rollout(endpoint, SERVINGENDPOINT_STATUS_LAST_ROLLOUT_RESULT_PROMOTED);
    tell(endpoint, false, "Promoted", endpoint->rollout.message);
    forget_rejection(endpoint); /* it was tried again */
    if (stable) {
        stable->role = ROLE_RETIRING;
        stable->retire_at =
            now(endpoint) + (endpoint->rollout.strategy == STRATEGY_RECREATE ? 0 : endpoint->rules.scale_down_delay);
    }
    candidate->role = ROLE_STABLE;
    candidate->proven = true;
    endpoint->stable = candidate;
    endpoint->stable_since = now(endpoint);
    endpoint->candidate = NULL;
    endpoint->rollout = (struct rollout){ 0 };
}

static void give(struct endpoint *endpoint, int percent)
{
    struct rollout *rollout = &endpoint->rollout;

    rollout->step_time = now(endpoint);
    rollout->progress_time = now(endpoint);
    rollout->passed = false;
    rollout->reason = rollout->message = NULL;
    if (!has_route(endpoint) || !shares_route(endpoint) || percent == rollout->traffic)
        return;
    rollout->traffic = percent;
    tell(endpoint,
         false,
         "TrafficShifted",
         arena_printf(endpoint->arena, "%s gets %d %% of the traffic", endpoint->candidate->recipe.name, percent));
}

/* Enough pods, and they answer through the candidate's own Service. */
static bool is_prepared(struct endpoint *endpoint)
{
    const struct revision *candidate = endpoint->candidate;
    int needed = pods_needed(endpoint);
    struct trouble trouble;

    if (candidate->ready >= needed)
        return candidate_answers(endpoint);
    if (find_trouble(endpoint, candidate, &trouble))
        wait_for(endpoint, trouble.reason, trouble.text);
    else
        wait_for(endpoint,
                 "Starting",
                 arena_printf(endpoint->arena, "waits for ready pods: %d of %d", candidate->ready, needed));
    return false;
}

static void finish(struct endpoint *endpoint)
{
    if (endpoint->rollout.traffic < 100 && has_route(endpoint) && shares_route(endpoint))
        give(endpoint, 100); /* a route came since */
    if (is_routed(endpoint, 100, endpoint->rollout.step_time)) {
        if (is_prepared(endpoint))
            promote(endpoint);
        return;
    }
    wait_patiently(
        endpoint, "Promoting", unseen_text(endpoint, "waits until Gateways have seen that it gets all traffic"));
    call_person(endpoint, endpoint->rollout.step_time);
}

/*
 * Only Canary shares: what began otherwise may have emptied the old revision, whatever the steps say by now. On its way
 * forward a share never falls, also where the steps were rewritten: what lets go of traffic is the way back.
 */
static int share_of_step(const struct endpoint *endpoint)
{
    const struct rollout *rollout = &endpoint->rollout;
    int percent = rollout->strategy == STRATEGY_CANARY ? (int)endpoint->rules.steps[rollout->step].traffic_percent : 0;

    return percent > rollout->traffic ? percent : rollout->traffic;
}

static bool starts(struct endpoint *endpoint)
{
    struct rollout *rollout = &endpoint->rollout;
    bool ends = skips_steps(endpoint) || rollout->step >= endpoint->rules.step_count;

    if (!is_prepared(endpoint))
        return false;
    rollout->state = ends ? STATE_PROMOTING : STATE_SHIFTING;
    give(endpoint, ends ? 100 : share_of_step(endpoint));
    return true;
}

static const struct servingendpoint_spec_rollout_steps *step_of(const struct endpoint *endpoint)
{
    return endpoint->rollout.step < endpoint->rules.step_count ? &endpoint->rules.steps[endpoint->rollout.step] : NULL;
}

/* When the step is over as far as time goes; the steps may have been rewritten since it began. */
int64_t hold_ends(const struct endpoint *endpoint)
{
    const struct servingendpoint_spec_rollout_steps *step = step_of(endpoint);

    return endpoint->rollout.step_time + (step ? step->hold_seconds : 0);
}

static bool is_held(struct endpoint *endpoint)
{
    const struct servingendpoint_spec_rollout_steps *step = step_of(endpoint);

    look_again(endpoint, hold_ends(endpoint));
    if (!is_routed(endpoint, endpoint->rollout.traffic, endpoint->rollout.step_time)) {
        wait_for(endpoint, "WaitingForGateway", unseen_text(endpoint, "waits until Gateways have seen its share"));
        return true;
    }
    if (!checks_let_pass(endpoint))
        return true;
    if (now(endpoint) < hold_ends(endpoint)) {
        wait_for(endpoint, "Holding", "");
        return true;
    }
    if (!step || !step->approval || is_approved(endpoint))
        return false;
    wait_patiently(
        endpoint,
        "WaitingForApproval",
        arena_printf(endpoint->arena,
                     "waits for a person: write spec.rollout.approve: %s to go on, or reject: %s to take it back",
                     endpoint->candidate->recipe.name,
                     endpoint->candidate->recipe.name));
    return true;
}

static bool ends_step(struct endpoint *endpoint)
{
    struct rollout *rollout = &endpoint->rollout;

    if (is_held(endpoint))
        return false;
    rollout->step++;
    rollout->state = STATE_STARTING;
    rollout->reason = rollout->message = NULL; /* of this step's last look */
    rollout->progress_time = now(endpoint);
    return true;
}

static bool is_room_made(struct endpoint *endpoint)
{
    if (endpoint->stable->pods_left || endpoint->stable->replicas) {
        wait_for(endpoint, "FreeingResources", "waits until the old pods are gone");
        return false;
    }
    endpoint->rollout.state = STATE_STARTING;
    endpoint->rollout.progress_time = now(endpoint);
    return true;
}

bool goes_on(struct endpoint *endpoint)
{
    switch (endpoint->rollout.state) {
    case STATE_FREEING:
        return is_room_made(endpoint);
    case STATE_STARTING:
        return starts(endpoint);
    case STATE_SHIFTING:
        return ends_step(endpoint);
    case STATE_PROMOTING:
        finish(endpoint);
        return false;
    case STATE_RETURNING:
        break;
    }
    BUG("a revision goes two ways");
}
