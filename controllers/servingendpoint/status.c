#include <inttypes.h>
#include <string.h>

#include "../../operator/base/jb.h"
#include "../agent/words.h"
#include "endpoint.h"

static const char *const phase_names[] = {
    [SERVINGENDPOINT_STATUS_PHASE_PENDING] = "Pending",
    [SERVINGENDPOINT_STATUS_PHASE_STARTING] = "Starting",
    [SERVINGENDPOINT_STATUS_PHASE_READY] = "Ready",
    [SERVINGENDPOINT_STATUS_PHASE_ROLLINGOUT] = "RollingOut",
    [SERVINGENDPOINT_STATUS_PHASE_PAUSED] = "Paused",
    [SERVINGENDPOINT_STATUS_PHASE_ROLLINGBACK] = "RollingBack",
    [SERVINGENDPOINT_STATUS_PHASE_ROLLEDBACK] = "RolledBack",
    [SERVINGENDPOINT_STATUS_PHASE_DEGRADED] = "Degraded",
};
static const char *const role_names[] = { NULL, "Stable", "Candidate", "Retiring" };
static const char *const protocol_names[] = { NULL, "HTTP", "H2C", "GRPC" };
static const char *const strategy_names[] = { NULL, "Canary", "BlueGreen", "Recreate" };
static const char *const state_names[] = { NULL, "Freeing", "Starting", "Shifting", "Promoting", "Returning" };
static const char *const result_names[] = { NULL, "Promoted", "RolledBack", "Superseded" };

static const char *name_of(const struct revision *revision)
{
    return revision->recipe.name;
}

static enum servingendpoint_status_phase phase_of(const struct endpoint *endpoint)
{
    struct standing ready;

    if (!endpoint->stable)
        return endpoint->candidate ? SERVINGENDPOINT_STATUS_PHASE_STARTING : SERVINGENDPOINT_STATUS_PHASE_PENDING;
    if (endpoint->candidate && endpoint->rollout.state == STATE_RETURNING)
        return SERVINGENDPOINT_STATUS_PHASE_ROLLINGBACK;
    if (endpoint->candidate)
        return endpoint->rollout.paused ? SERVINGENDPOINT_STATUS_PHASE_PAUSED : SERVINGENDPOINT_STATUS_PHASE_ROLLINGOUT;
    ready = ready_standing(endpoint);
    if (!ready.is_good)
        return strcmp(ready.reason, "WaitingForGateway") == 0 ? SERVINGENDPOINT_STATUS_PHASE_STARTING
                                                              : SERVINGENDPOINT_STATUS_PHASE_DEGRADED;
    return find_rejection(endpoint) ? SERVINGENDPOINT_STATUS_PHASE_ROLLEDBACK : SERVINGENDPOINT_STATUS_PHASE_READY;
}

/* -- in words
 * --------------------------------------------------------------------------------------------------------------- */

static const char *rejection_text(const struct rejection *rejection)
{
    return rejection->message ? rejection->message : rejection->revision;
}

/* "; it waits for ..." behind a sentence about the candidate, or "". */
static const char *why_text(const struct endpoint *endpoint)
{
    return endpoint->why && *endpoint->why ? arena_printf(endpoint->arena, "; it %s", endpoint->why) : "";
}

/* "step 2 of 3" while there are steps. */
static const char *step_text(const struct endpoint *endpoint)
{
    if (endpoint->rollout.step >= endpoint->rules.step_count || endpoint->candidate->proven)
        return "";
    return arena_printf(endpoint->arena, ", step %d of %d", endpoint->rollout.step + 1, endpoint->rules.step_count);
}

static int64_t next_at(const struct endpoint *endpoint)
{
    const struct rollout *rollout = &endpoint->rollout;
    int64_t at;

    if (!endpoint->candidate || rollout->state != STATE_SHIFTING || rollout->step >= endpoint->rules.step_count)
        return 0;
    at = rollout->step_time + endpoint->rules.steps[rollout->step].hold_seconds;
    return at > endpoint->in->now ? at : 0;
}

static const char *hold_text(const struct endpoint *endpoint)
{
    int64_t at = next_at(endpoint);

    return at ? arena_printf(endpoint->arena, ", held until %s", fields_format_time(endpoint->arena, at)) : "";
}

static const char *starting_text(const struct endpoint *endpoint)
{
    return arena_printf(endpoint->arena, "%s is being started%s", name_of(endpoint->candidate), why_text(endpoint));
}

static const char *rolling_text(const struct endpoint *endpoint)
{
    bool is_apart = has_route(endpoint) && !shares_route(endpoint);

    return arena_printf(endpoint->arena,
                        "%s is being rolled out beside %s, with %d %% of the traffic%s%s%s%s%s",
                        name_of(endpoint->candidate),
                        name_of(endpoint->stable),
                        endpoint->rollout.traffic,
                        step_text(endpoint),
                        is_apart ? " (one route cannot share between HTTP and gRPC)" : "",
                        hold_text(endpoint),
                        why_text(endpoint),
                        endpoint->stable->ready
                            ? ""
                            : arena_printf(endpoint->arena, "; no pod of %s is ready", name_of(endpoint->stable)));
}

static const char *unready_text(const struct endpoint *endpoint)
{
    struct trouble trouble;

    if (find_trouble(endpoint, endpoint->stable, &trouble))
        return arena_printf(endpoint->arena, "No pod of %s is ready: it %s", name_of(endpoint->stable), trouble.text);
    if (!endpoint->stable->deployment &&
        strcmp(name_of(endpoint->stable), endpoint->target.known ? endpoint->target.recipe.name : "") != 0)
        return arena_printf(endpoint->arena,
                            "The Deployment of %s was deleted, and nobody knows its template any more: change the "
                            "template or the model to roll out another revision",
                            name_of(endpoint->stable));
    return arena_printf(endpoint->arena, "No pod of %s is ready", name_of(endpoint->stable));
}

static const char *degraded_text(const struct endpoint *endpoint)
{
    const struct rejection *rejection = find_rejection(endpoint);
    const char *text = endpoint->stable->ready ? ready_standing(endpoint).text : unready_text(endpoint);

    if (!rejection)
        return text;
    return arena_printf(endpoint->arena, "%s. Taken back: %s", text, rejection_text(rejection));
}

static const char *serving_text(const struct endpoint *endpoint)
{
    const struct revision *stable = endpoint->stable;
    const char *text = arena_printf(
        endpoint->arena, "%s serves with %s", name_of(stable), count_text(endpoint->arena, stable->ready, "pod"));
    struct trouble trouble;

    if (endpoint->target.waits)
        return arena_printf(endpoint->arena, "%s. %s", text, endpoint->target.waits);
    if (find_obstacle(endpoint, &trouble))
        return arena_printf(endpoint->arena, "%s. It %s", text, trouble.text);
    return endpoint->why && *endpoint->why ? arena_printf(endpoint->arena, "%s. %s", text, endpoint->why) : text;
}

static const char *rolled_back_text(const struct endpoint *endpoint)
{
    const struct rejection *rejection = find_rejection(endpoint);

    return arena_printf(endpoint->arena,
                        "%s serves. Taken back: %.600s. Change the template or the model; or give the annotation "
                        "kitae.dev/requested-at a new value to try it again",
                        name_of(endpoint->stable),
                        rejection_text(rejection));
}

static const char *message_of(const struct endpoint *endpoint, enum servingendpoint_status_phase phase)
{
    if (endpoint->target.problem)
        return endpoint->stable
                   ? arena_printf(
                         endpoint->arena, "%s; %s goes on serving", endpoint->target.problem, name_of(endpoint->stable))
                   : endpoint->target.problem;
    switch (phase) {
    case SERVINGENDPOINT_STATUS_PHASE_PENDING:
        return endpoint->target.waits ? endpoint->target.waits : endpoint->why ? endpoint->why : "";
    case SERVINGENDPOINT_STATUS_PHASE_STARTING:
        return endpoint->candidate ? starting_text(endpoint) : ready_standing(endpoint).text;
    case SERVINGENDPOINT_STATUS_PHASE_ROLLINGOUT:
    case SERVINGENDPOINT_STATUS_PHASE_PAUSED:
        return rolling_text(endpoint);
    case SERVINGENDPOINT_STATUS_PHASE_ROLLINGBACK:
        return arena_printf(endpoint->arena,
                            "Being taken back: %.600s%s",
                            endpoint->rollout.message ? endpoint->rollout.message : name_of(endpoint->candidate),
                            why_text(endpoint));
    case SERVINGENDPOINT_STATUS_PHASE_ROLLEDBACK:
        return rolled_back_text(endpoint);
    case SERVINGENDPOINT_STATUS_PHASE_DEGRADED:
        return degraded_text(endpoint);
    case SERVINGENDPOINT_STATUS_PHASE_READY:
        return serving_text(endpoint);
    }
    return "";
}

/* -- conditions
 * --------------------------------------------------------------------------------------------------------------- */

static void say_ready(const struct endpoint *endpoint, struct plan *out, enum servingendpoint_status_phase phase)
{
    struct standing ready = endpoint->stable ? ready_standing(endpoint) : (struct standing){ 0 };

    if (!endpoint->stable && endpoint->target.problem)
        plan_condition(out, "Ready", false, endpoint->target.reason, "No revision serves yet");
    else if (!endpoint->stable && endpoint->target.waits)
        plan_condition(out, "Ready", false, "WaitingForModel", "%s", endpoint->target.waits);
    else if (!endpoint->stable)
        plan_condition(out, "Ready", false, phase_names[phase], "No revision serves yet");
    else
        plan_condition(out, "Ready", ready.is_good, ready.reason, "%s", ready.text);
}

static void say_reconciling(const struct endpoint *endpoint, struct plan *out, enum servingendpoint_status_phase phase)
{
    const char *what = endpoint->rollout.state == STATE_RETURNING ? "being taken back"
                       : endpoint->stable                         ? "being rolled out"
                                                                  : "being started";

    if (endpoint->candidate && !endpoint->needs_person)
        plan_condition(out,
                       "Reconciling",
                       true,
                       endpoint->why_reason ? endpoint->why_reason : phase_names[phase],
                       "%s is %s",
                       name_of(endpoint->candidate),
                       what);
    else if (!endpoint->needs_person && endpoint->target.waits)
        plan_condition(out, "Reconciling", true, "WaitingForModel", "%s", endpoint->target.waits);
    else
        plan_condition(out,
                       "Reconciling",
                       false,
                       phase_names[phase],
                       endpoint->needs_person ? "It goes no further by itself" : "Nothing is being rolled out");
}

static bool is_stalled(const struct endpoint *endpoint, struct standing *ret)
{
    const struct rejection *rejection = find_rejection(endpoint);
    struct trouble trouble;

    if (endpoint->target.problem)
        *ret = (struct standing){ true, endpoint->target.reason, endpoint->target.problem };
    else if (!endpoint->candidate && rejection)
        *ret = (struct standing){ true,
                                  "RolledBack",
                                  arena_printf(endpoint->arena, "Taken back: %s", rejection_text(rejection)) };
    else if (endpoint->needs_person)
        *ret = (struct standing){ true,
                                  endpoint->why_reason,
                                  arena_printf(endpoint->arena,
                                               "%s%s%s",
                                               endpoint->candidate ? name_of(endpoint->candidate) : "",
                                               endpoint->candidate ? " " : "",
                                               endpoint->why) };
    else if (find_obstacle(endpoint, &trouble))
        *ret = (struct standing){ true, trouble.reason, arena_printf(endpoint->arena, "It %s", trouble.text) };
    else if (endpoint->spec->route && endpoint->stable && !has_route(endpoint))
        *ret = route_standing(endpoint);
    else
        return false;
    return true;
}

static void say_stalled(const struct endpoint *endpoint, struct plan *out)
{
    struct standing standing;

    if (is_stalled(endpoint, &standing))
        plan_condition(out, "Stalled", true, standing.reason, "%s", standing.text);
    else
        plan_condition(out, "Stalled", false, "NothingInTheWay", "Nobody is needed");
}

/* -- fields
 * ---------------------------------------------------------------------------------------------------------------------
 */

static json_t *time_value(const struct endpoint *endpoint, int64_t seconds)
{
    return seconds ? jb_str(fields_format_time(endpoint->arena, seconds)) : NULL;
}

static json_t *model_value(const struct recipe *recipe)
{
    return recipe->model ? jb_fmt("%s/%s", recipe->model, recipe->version ? recipe->version : "") : NULL;
}

static json_t *text_value(const char *text)
{
    return text && *text ? jb_str(text) : NULL;
}

static json_t *known(int64_t number)
{
    return number >= 0 ? jb_int(number) : NULL;
}

json_t *startup_status(const struct startup *startup)
{
    if (!startup->known)
        return NULL;
    return OBJ({ "scheduledSeconds", known(startup->scheduled) },
               { "fetchSeconds", known(startup->fetch) },
               { "modelBytes", known(startup->model_bytes) },
               { "modelBytesPerSecond", known(startup->model_bytes_per_second) },
               { "imageSeconds", known(startup->image) },
               { "loadSeconds", known(startup->load) },
               { "firstReadySeconds", known(startup->first_ready) });
}

static int share_of(const struct endpoint *endpoint, const struct revision *revision)
{
    if (revision == endpoint->candidate)
        return endpoint->rollout.traffic;
    return revision == endpoint->stable ? 100 - endpoint->rollout.traffic : 0;
}

static json_t *revision_status(const struct endpoint *endpoint, const struct revision *revision)
{
    const struct recipe *recipe = &revision->recipe;

    return OBJ({ "name", jb_str(recipe->name) },
               { "role", jb_str(role_names[revision->role]) },
               { "model", text_value(recipe->model) },
               { "version", text_value(recipe->version) },
               { "digest", text_value(recipe->digest) },
               { "port", jb_int(recipe->port) },
               { "protocol", jb_str(protocol_names[recipe->protocol]) },
               { "probePath", text_value(recipe->probe_path) },
               { "replicas", jb_int(revision->replicas) },
               { "ready", jb_int(revision->ready) },
               { "trafficPercent", jb_int(share_of(endpoint, revision)) },
               { "createdAt", time_value(endpoint, revision->created_at) },
               { "retireAt", time_value(endpoint, revision->retire_at) },
               { "proven", revision->proven ? json_true() : NULL },
               { "startup", startup_status(&revision->startup) });
}

static json_t *revisions_status(const struct endpoint *endpoint)
{
    json_t *list = json_array();

    for (int i = 0; i < endpoint->revision_count; i++)
        if (endpoint->revisions[i].role != ROLE_NONE)
            jb_append(list, revision_status(endpoint, &endpoint->revisions[i]));
    return list;
}

static json_t *stable_status(const struct endpoint *endpoint)
{
    const struct revision *stable = endpoint->stable;

    if (!stable)
        return NULL;
    return OBJ({ "revision", jb_str(name_of(stable)) },
               { "model", model_value(&stable->recipe) },
               { "digest", text_value(stable->recipe.digest) },
               { "since", time_value(endpoint, endpoint->stable_since) });
}

static json_t *candidate_status(const struct endpoint *endpoint)
{
    const struct revision *candidate = endpoint->candidate;
    const struct rollout *rollout = &endpoint->rollout;

    if (!candidate)
        return NULL;
    return OBJ({ "revision", jb_str(name_of(candidate)) },
               { "model", model_value(&candidate->recipe) },
               { "digest", text_value(candidate->recipe.digest) },
               { "strategy", jb_str(strategy_names[rollout->strategy]) },
               { "state", jb_str(state_names[rollout->state]) },
               { "step", jb_int(rollout->step) },
               { "trafficPercent", jb_int(rollout->traffic) },
               { "replicas", rollout->replicas ? jb_int(rollout->replicas) : NULL },
               { "summary", jb_fmt("%s %d%%", name_of(candidate), rollout->traffic) },
               { "startTime", time_value(endpoint, rollout->start_time) },
               { "stepTime", time_value(endpoint, rollout->step_time) },
               { "progressTime", time_value(endpoint, rollout->progress_time) },
               { "nextAt", time_value(endpoint, next_at(endpoint)) },
               { "checkedAt", time_value(endpoint, rollout->checked_at) },
               { "failures", rollout->failures ? jb_int(rollout->failures) : NULL },
               { "passed", rollout->passed ? json_true() : NULL },
               { "proven", candidate->proven ? json_true() : NULL },
               { "paused", rollout->paused ? json_true() : NULL },
               { "reason", text_value(rollout->reason) },
               { "message", text_value(rollout->message) });
}

static json_t *rejected_status(const struct endpoint *endpoint)
{
    json_t *list = endpoint->rejected_count ? json_array() : NULL;

    for (int i = 0; i < endpoint->rejected_count; i++) {
        const struct rejection *one = &endpoint->rejected[i];

        jb_append(list,
                  OBJ({ "revision", jb_str(one->revision) },
                      { "reason", text_value(one->reason) },
                      { "message", text_value(one->message) },
                      { "time", time_value(endpoint, one->time) },
                      { "requestedAt", one->requested_at ? jb_fmt("%.253s", one->requested_at) : NULL }));
    }
    return list;
}

static json_t *last_status(const struct endpoint *endpoint)
{
    const struct ending *last = &endpoint->last;

    if (!last->result)
        return NULL;
    return OBJ({ "revision", jb_str(last->revision) },
               { "result", jb_str(result_names[last->result]) },
               { "reason", text_value(last->reason) },
               { "message", text_value(last->message) },
               { "startTime", time_value(endpoint, last->start_time) },
               { "completionTime", time_value(endpoint, last->completion_time) },
               { "durationSeconds", jb_int(last->completion_time - last->start_time) },
               { "startup", startup_status(&last->startup) });
}

static void say_scale(const struct endpoint *endpoint, struct plan *out)
{
    const struct revision *serves = endpoint->stable ? endpoint->stable : endpoint->candidate;

    plan_status(out, "replicas", serves ? jb_int(serves->pods) : jb_int(0));
    plan_status(out,
                "selector",
                serves ? jb_fmt("kitae.dev/endpoint=%s," LABEL_ROLE "=%s", endpoint->name, name_of(serves)) : NULL);
    plan_status(out,
                "podsReady",
                serves ? jb_fmt("%d/%d", serves->ready, endpoint->scaling.on ? serves->replicas : endpoint->replicas)
                       : NULL);
}

void accept_endpoint(const struct endpoint *endpoint, struct plan *out)
{
    const struct target *target = &endpoint->target;

    if (target->problem)
        plan_condition(out, "Accepted", false, target->reason, "%s", target->problem);
    else
        plan_condition(out, "Accepted", true, "Accepted", "The endpoint is understood");
}

void say_endpoint(const struct endpoint *endpoint, struct plan *out)
{
    enum servingendpoint_status_phase phase = phase_of(endpoint);
    const char *url = endpoint_url(endpoint);

    plan_status(out, "phase", jb_str(phase_names[phase]));
    plan_status(out, "message", jb_str(message_of(endpoint, phase)));
    plan_status(out, "url", url ? jb_str(url) : NULL);
    plan_status(out, "stable", stable_status(endpoint));
    plan_status(out, "candidate", candidate_status(endpoint));
    plan_status(out, "revisions", revisions_status(endpoint));
    plan_status(out, "rejected", rejected_status(endpoint));
    plan_status(out, "lastRollout", last_status(endpoint));
    plan_status(out, "agentImage", endpoint->spec->model_ref ? jb_str(endpoint->in->agent_image) : NULL);
    say_scale(endpoint, out);
    say_ready(endpoint, out, phase);
    say_route(endpoint, out);
    say_reconciling(endpoint, out, phase);
    say_stalled(endpoint, out);
    if (endpoint->event_reason)
        plan_event(out, endpoint->event_warns, endpoint->event_reason, "Rollout", "%s", endpoint->event_text);
}
