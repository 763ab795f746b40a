#include "endpoint.h"

#include <string.h>

#include "../../operator/base/jb.h"

enum { /* where spec.rollout says nothing, as its CRD has it */
       INTERVAL = 10,
       FAILURE_LIMIT = 2,
       HOLD_MAX = 3600,
       DEADLINE = 600,
       SCALE_DOWN_DELAY = 300,
};

static int number_or(bool has, int64_t number, int fallback)
{
    return has ? (int)number : fallback;
}

static const char *text_or_empty(const char *text)
{
    return text ? text : "";
}

/* Checks are looked at in steps: who writes checks alone means one look before all traffic. */
static void look_once(struct rules *rules)
{
    static const struct servingendpoint_spec_rollout_steps look = { .traffic_percent = 0 };

    if (rules->step_count || !rules->check_count)
        return;
    rules->steps = &look;
    rules->step_count = 1;
}

static void read_rules(struct endpoint *endpoint)
{
    static const struct servingendpoint_spec_rollout none;
    const struct servingendpoint_spec_rollout *spec = endpoint->spec->rollout ? endpoint->spec->rollout : &none;

    endpoint->rules = (struct rules){
        .strategy = spec->strategy ? (enum strategy)spec->strategy : STRATEGY_BLUE_GREEN,
        .steps = spec->steps,
        .step_count = (int)(spec->steps_count < MAX_STEPS ? spec->steps_count : MAX_STEPS),
        .checks = spec->checks,
        .check_count = (int)(spec->checks_count < MAX_CHECKS ? spec->checks_count : MAX_CHECKS),
        .approve = text_or_empty(spec->approve),
        .reject = text_or_empty(spec->reject),
        .interval = number_or(spec->has_interval_seconds, spec->interval_seconds, INTERVAL),
        .failure_limit = number_or(spec->has_failure_limit, spec->failure_limit, FAILURE_LIMIT),
        .hold_max = number_or(spec->has_hold_max_seconds, spec->hold_max_seconds, HOLD_MAX),
        .deadline = number_or(spec->has_progress_deadline_seconds, spec->progress_deadline_seconds, DEADLINE),
        .scale_down_delay =
            number_or(spec->has_scale_down_delay_seconds, spec->scale_down_delay_seconds, SCALE_DOWN_DELAY),
        .thin = spec->on_not_enough_traffic ? spec->on_not_enough_traffic
                                            : SERVINGENDPOINT_SPEC_ROLLOUT_ON_NOT_ENOUGH_TRAFFIC_HOLD,
        .paused = spec->paused,
    };
    look_once(&endpoint->rules);
}

static void read_scaling(struct endpoint *endpoint)
{
    json_auto_t *spec = NULL;
    struct error err;
    int min;

    endpoint->replicas = number_or(endpoint->spec->has_replicas, endpoint->spec->replicas, 1);
    if (!endpoint->spec->autoscaling.data || jb_parse(endpoint->spec->autoscaling, &spec, &err) < 0)
        return;
    min = (int)jb_get_int(spec, "minReplicas", 1);
    endpoint->scaling = (struct autoscaling){ true, min, (int)jb_get_int(spec, "maxReplicas", min) };
}

/* -- revisions ----------------------------------------------------------------------------------------------------- */

#define STARTUP(status)                                                                                                \
    (!(status) ? (struct startup){ .scheduled = -1 }                                                                   \
               : (struct startup){ true,                                                                               \
                                   (status)->has_scheduled_seconds ? (status)->scheduled_seconds : -1,                 \
                                   (status)->has_fetch_seconds ? (status)->fetch_seconds : -1,                         \
                                   (status)->has_image_seconds ? (status)->image_seconds : -1,                         \
                                   (status)->has_load_seconds ? (status)->load_seconds : -1,                           \
                                   (status)->has_first_ready_seconds ? (status)->first_ready_seconds : -1,             \
                                   (status)->has_model_bytes ? (status)->model_bytes : -1,                             \
                                   (status)->has_model_bytes_per_second ? (status)->model_bytes_per_second : -1 })

static void read_revision(struct endpoint *endpoint, const struct servingendpoint_status_revisions *status)
{
    struct revision *revision = &endpoint->revisions[endpoint->revision_count++];

    *revision =
        (struct revision){ .recipe = { .name = status->name,
                                       .model = status->model,
                                       .version = status->version,
                                       .digest = status->digest,
                                       .port = (int)status->port,
                                       .protocol = status->protocol ? (enum protocol)status->protocol : PROTOCOL_HTTP,
                                       .probe_path = status->probe_path },
                           .role = (enum revision_role)status->role,
                           .recorded = true,
                           .proven = status->proven,
                           .created_at = status->created_at,
                           .retire_at = status->retire_at,
                           .startup = STARTUP(status->startup) };
    if (revision->role == ROLE_STABLE)
        endpoint->stable = revision;
    if (revision->role == ROLE_CANDIDATE)
        endpoint->candidate = revision;
}

/* What is written of a Deployment or a Service: a plan needs two words of it. NULL: it is not there. */
static json_t *parse(struct slice text)
{
    struct error err;
    json_t *value;

    return text.data && jb_parse(text, &value, &err) == 0 ? value : NULL;
}

static const char *find_denial(const json_t *status, struct arena *arena)
{
    const json_t *conditions = jb_get(status, "conditions");

    for (size_t i = 0; i < json_array_size(conditions); i++) {
        const json_t *one = json_array_get(conditions, i);

        if (strcmp(jb_get_str(one, "type"), "ReplicaFailure") == 0 && strcmp(jb_get_str(one, "status"), "True") == 0)
            return arena_strdup(arena, jb_get_str(one, "message"));
    }
    return NULL;
}

/* Pods outlive a Deployment that was deleted for a while, and say nothing of the one that was made in its place. */
static int still_ready(const struct revision *revision, const json_t *status)
{
    int counted =
        revision->deployment && !revision->deployment->deleted_at ? (int)jb_get_int(status, "readyReplicas", 0) : 0;

    return revision->ready < counted ? revision->ready : counted;
}

static void observe_objects(struct endpoint *endpoint, struct revision *revision)
{
    const struct observed *in = endpoint->in;
    const char *name = revision->recipe.name, *address;
    json_auto_t *deployment = NULL, *status = NULL, *service = NULL;

    revision->deployment = objects_find(in->children[KIND_DEPLOYMENT], KIND_DEPLOYMENT, name);
    revision->service = objects_find(in->children[KIND_SERVICE], KIND_SERVICE, name);
    revision->autoscaler = objects_find(in->children[KIND_AUTOSCALER], KIND_AUTOSCALER, name);
    deployment = revision->deployment ? parse(revision->deployment->spec) : NULL;
    status = revision->deployment ? parse(revision->deployment->status) : NULL;
    service = revision->service ? parse(revision->service->spec) : NULL;
    revision->denied = find_denial(status, endpoint->arena);
    revision->ready = still_ready(revision, status);
    revision->replicas = deployment ? (int)jb_get_int(deployment, "replicas", 1) : 0;
    address = jb_get_str(service, "clusterIP");
    if (*address && strcmp(address, "None") != 0)
        revision->address = arena_strdup(endpoint->arena, address);
}

static int64_t between(int64_t from, int64_t to)
{
    return from && to >= from ? to - from : -1;
}

/* What the agent said at its end, in the words of its result. */
static void read_fetch(const char *message, struct startup *startup)
{
    json_auto_t *result = NULL;
    struct error err;

    if (!*message || jb_parse(slice_of(message), &result, &err) < 0)
        return;
    startup->model_bytes = jb_get_int(result, "fetchedBytes", -1);
    if (startup->model_bytes >= 0 && startup->fetch > 0)
        startup->model_bytes_per_second = startup->model_bytes / startup->fetch;
}

static void note_startup(struct revision *revision, const struct object *pod)
{
    const struct pod_start *start = pod->pod.start;
    int64_t fetched = start->fetch_finished_at ? start->fetch_finished_at : start->scheduled_at;

    revision->startup = (struct startup){ .known = true,
                                          .scheduled = between(pod->created_at, start->scheduled_at),
                                          .fetch = between(start->fetch_started_at, start->fetch_finished_at),
                                          .image = between(fetched, start->running_at),
                                          .load = between(start->running_at, start->ready_at),
                                          .first_ready = between(pod->created_at, start->ready_at),
                                          .model_bytes = -1,
                                          .model_bytes_per_second = -1 };
    if (revision->recipe.digest)
        read_fetch(start->fetch_message, &revision->startup);
    else
        revision->startup.fetch = -1;
}

static void count_pod(struct endpoint *endpoint, const struct object *pod)
{
    struct revision *revision = find_revision(endpoint, pod->role);

    if (!revision || pod->pod.phase == POD_SUCCEEDED || pod->pod.phase == POD_FAILED)
        return;
    revision->pods_left++;
    if (pod->deleted_at)
        return;
    revision->pods++;
    revision->ready += pod->pod.ready;
    if (pod->pod.ready && !revision->startup.known && pod->pod.start)
        note_startup(revision, pod);
}

static void read_revisions(struct endpoint *endpoint)
{
    const struct servingendpoint_status *status = endpoint->status;
    struct objects pods = endpoint->in->grandchildren[KIND_POD];

    for (size_t i = 0; i < status->revisions_count && i < MAX_REVISIONS; i++)
        read_revision(endpoint, &status->revisions[i]);
    for (size_t i = 0; i < pods.count; i++)
        count_pod(endpoint, pods.items[i]);
    for (int i = 0; i < endpoint->revision_count; i++)
        observe_objects(endpoint, &endpoint->revisions[i]);
}

/* -- the rest of the status ------------------------------------------------------------------------------------------
 */

/* A person, or a restored backup, may have left half of it: what is missing is as at the beginning. */
static void read_rollout(struct endpoint *endpoint)
{
    static const struct servingendpoint_status_candidate none;
    const struct servingendpoint_status_candidate *status = endpoint->status->candidate;

    if (!endpoint->candidate)
        return;
    if (!status)
        status = &none;
    endpoint->rollout =
        (struct rollout){ .strategy = status->strategy ? (enum strategy)status->strategy : endpoint->rules.strategy,
                          .state = status->state ? (enum rollout_state)status->state : STATE_STARTING,
                          .step = (int)status->step,
                          .traffic = (int)status->traffic_percent,
                          .replicas = (int)status->replicas,
                          .start_time = status->start_time,
                          .step_time = status->step_time,
                          .progress_time = status->progress_time ? status->progress_time : endpoint->in->now,
                          .checked_at = status->checked_at,
                          .failures = (int)status->failures,
                          .passed = status->passed,
                          .paused = status->paused,
                          .reason = status->reason,
                          .message = status->message };
    if (endpoint->rollout.state == STATE_RETURNING && !endpoint->rollout.reason)
        endpoint->rollout.reason = "Superseded"; /* that of no judgement */
}

static void read_history(struct endpoint *endpoint)
{
    const struct servingendpoint_status *status = endpoint->status;
    const struct servingendpoint_status_last_rollout *last = status->last_rollout;

    endpoint->stable_since = status->stable ? status->stable->since : 0;
    for (size_t i = 0; i < status->rejected_count && i < MAX_REJECTED; i++) {
        const struct servingendpoint_status_rejected *one = &status->rejected[i];

        endpoint->rejected[endpoint->rejected_count++] =
            (struct rejection){ one->revision, one->reason, one->message, one->requested_at, one->time };
    }
    if (last)
        endpoint->last =
            (struct ending){ last->revision,   last->reason,          last->message,         (int)last->result,
                             last->start_time, last->completion_time, STARTUP(last->startup) };
}

void endpoint_init(struct endpoint *endpoint, const struct observed *in)
{
    *endpoint = (struct endpoint){
        .in = in, .spec = in->spec, .status = in->status, .arena = in->arena, .name = in->self->name
    };
    read_rules(endpoint);
    read_scaling(endpoint);
    read_revisions(endpoint);
    read_rollout(endpoint);
    read_history(endpoint);
    find_target(endpoint);
    find_route(endpoint);
    decide_rollout(endpoint);
}

struct revision *find_revision(struct endpoint *endpoint, const char *name)
{
    for (int i = 0; i < endpoint->revision_count; i++)
        if (strcmp(endpoint->revisions[i].recipe.name, name) == 0)
            return &endpoint->revisions[i];
    return NULL;
}

bool is_initial(const struct endpoint *endpoint)
{
    return !endpoint->stable;
}

const char *servingendpoint_pins(const struct observed *in, const struct object *endpoint, size_t at)
{
    const struct servingendpoint_status *status =
        endpoint->kind == KIND_SERVING_ENDPOINT && !endpoint->deleted_at
            ? object_part(&servingendpoint_status_type, endpoint->status, in->arena)
            : NULL;

    for (size_t i = 0; status && i < status->revisions_count; i++) {
        const struct servingendpoint_status_revisions *revision = &status->revisions[i];

        if (revision->digest && revision->model && strcmp(revision->model, in->self->name) == 0 && at-- == 0)
            return revision->digest;
    }
    return NULL;
}
