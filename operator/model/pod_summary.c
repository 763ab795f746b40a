#include "pod_summary.h"

#include <string.h>

#include "../base/scan.h"
#include "../base/text.h"

enum {
    TERMINATION_MESSAGE_KEPT = 1024, /* bytes, from the end */
    WAIT_MESSAGE_KEPT = 256,         /* bytes, from the start: the scheduler lists every node */
};

/* Cuts text to at most `kept` bytes without splitting a UTF-8 sequence. */
static const char *head(struct arena *arena, const char *text, size_t kept)
{
    if (!text || strlen(text) <= kept)
        return text;
    return arena_strndup(arena, text, text_cut(text, kept));
}

static const char *tail(const char *text, size_t kept)
{
    size_t length = text ? strlen(text) : 0;

    if (length <= kept)
        return text;
    text += length - kept;
    while (((unsigned char)*text & 0xc0) == 0x80)
        text++;
    return text;
}

static bool is(const char *text, const char *wanted)
{
    return text && strcmp(text, wanted) == 0;
}

static const struct wire_terminated *terminated(const struct wire_container_status *container)
{
    return container->state ? container->state->terminated : NULL;
}

/* The failing container that ended first; without one, the one that ended last. NULL when none has ended. */
static const struct wire_terminated *telling_end(const struct wire_container_status *containers, size_t count)
{
    const struct wire_terminated *failed = NULL, *last = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct wire_terminated *end = terminated(&containers[i]);

        if (!end)
            continue;
        if (end->exit_code && (!failed || end->finished_at < failed->finished_at))
            failed = end;
        if (!last || end->finished_at > last->finished_at)
            last = end;
    }
    return failed ? failed : last;
}

static void summarise_end(const struct wire_pod_status *status, struct pod *pod)
{
    const struct wire_terminated *end = telling_end(status->containers, status->container_count);

    if (!end && pod->phase == POD_FAILED) /* else it is a sidecar: how it was stopped says nothing of the work */
        end = telling_end(status->init_containers, status->init_container_count);
    if (end) {
        pod->ended = true;
        pod->exit_code = (int)end->exit_code;
        pod->started_at = end->started_at;
        pod->finished_at = end->finished_at;
        pod->end_reason = end->reason;
        pod->end_message = tail(end->message, TERMINATION_MESSAGE_KEPT);
    }
    if (status->reason) {
        pod->end_reason = status->reason;
        if (!pod->end_message)
            pod->end_message = tail(status->message, TERMINATION_MESSAGE_KEPT);
    }
}

/* Waits that every start goes through; another reason tells more. */
static bool is_routine(const char *reason)
{
    return !reason || is(reason, "PodInitializing") || is(reason, "ContainerCreating");
}

static void summarise_waiting(const struct wire_container_status *containers,
                              size_t count,
                              struct pod *pod,
                              struct arena *arena)
{
    for (size_t i = 0; i < count && is_routine(pod->wait_reason); i++) {
        const struct wire_waiting *waiting = containers[i].state ? containers[i].state->waiting : NULL;

        if (!waiting || (pod->wait_reason && is_routine(waiting->reason)))
            continue;
        pod->wait_reason = waiting->reason;
        pod->wait_message = head(arena, waiting->message, WAIT_MESSAGE_KEPT);
    }
}

static void summarise_conditions(const struct wire_pod_status *status, struct pod *pod, struct arena *arena)
{
    for (size_t i = 0; i < status->condition_count; i++) {
        const struct wire_condition *condition = &status->conditions[i];

        if (is(condition->type, "Ready"))
            pod->ready = is(condition->status, "True");
        if (is(condition->type, "DisruptionTarget") && is(condition->status, "True"))
            pod->disrupted = true;
        if (is(condition->type, "PodScheduled") && is(condition->status, "False") &&
            is(condition->reason, "Unschedulable")) {
            pod->unschedulable = true;
            pod->wait_reason = condition->reason;
            pod->wait_message = head(arena, condition->message, WAIT_MESSAGE_KEPT);
        }
    }
}

/* -- how it came up ------------------------------------------------------------------------------------------------ */

static const struct wire_terminated *ended_before(const struct wire_container_status *container)
{
    return container->last_state ? container->last_state->terminated : NULL;
}

/* When it was started; of one that waits to be started again, when it was the last time. 0: never. */
static int64_t started(const struct wire_container_status *container)
{
    const struct wire_terminated *end = terminated(container), *before = ended_before(container);

    if (container->state && container->state->running)
        return container->state->running->started_at;
    return end ? end->started_at : before ? before->started_at : 0;
}

static int64_t last_started(const struct wire_container_status *containers, size_t count)
{
    int64_t last = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t at = started(&containers[i]);

        if (!at)
            return 0;
        last = at > last ? at : last;
    }
    return last;
}

static void summarise_fetch(const struct wire_container_status *fetch, struct pod_start *start)
{
    const struct wire_terminated *end = terminated(fetch);

    start->fetch_started_at = started(fetch);
    start->fetch_finished_at = end ? end->finished_at : 0;
    if (!end)
        end = ended_before(fetch);
    start->fetch_message = end ? tail(end->message, TERMINATION_MESSAGE_KEPT) : NULL;
}

/* Adds restarts up; returns the end before a restart that came last, or the one given when that was later. */
static const struct wire_terminated *summarise_restarts(const struct wire_container_status *containers,
                                                        size_t count,
                                                        const struct wire_terminated *last,
                                                        struct pod_start *start)
{
    for (size_t i = 0; i < count; i++) {
        const struct wire_terminated *end = ended_before(&containers[i]);

        start->restarts += (int)containers[i].restarts;
        if (end && (!last || end->finished_at > last->finished_at))
            last = end;
    }
    return last;
}

static void summarise_steps(const struct wire_pod_status *status, struct pod_start *start)
{
    for (size_t i = 0; i < status->condition_count; i++) {
        const struct wire_condition *condition = &status->conditions[i];

        if (!is(condition->status, "True"))
            continue;
        if (is(condition->type, "PodScheduled"))
            start->scheduled_at = condition->changed_at;
        if (is(condition->type, "Ready"))
            start->ready_at = condition->changed_at;
    }
    start->running_at = last_started(status->containers, status->container_count);
}

static const struct pod_start *summarise_start(const struct wire_pod_status *status, struct arena *arena)
{
    struct pod_start *start = arena_alloc(arena, sizeof(*start));
    const struct wire_terminated *crash = NULL;

    summarise_steps(status, start);
    if (status->init_container_count)
        summarise_fetch(status->init_containers, start);
    crash = summarise_restarts(status->init_containers, status->init_container_count, crash, start);
    crash = summarise_restarts(status->containers, status->container_count, crash, start);
    if (crash) {
        start->crash_code = (int)crash->exit_code;
        start->crash_message =
            crash->message && *crash->message ? tail(crash->message, TERMINATION_MESSAGE_KEPT) : crash->reason;
    }
    return start;
}

static enum pod_phase parse_phase(const char *phase)
{
    return is(phase, "Running")     ? POD_RUNNING
           : is(phase, "Succeeded") ? POD_SUCCEEDED
           : is(phase, "Failed")    ? POD_FAILED
                                    : POD_PENDING;
}

int pod_summarise(
    const struct wire_object *wire, bool with_start, struct arena *arena, struct pod *ret, struct error *err)
{
    struct wire_pod_status status = { 0 };
    struct wire_pod_spec spec = { 0 };
    struct scan scan;

    if (wire->spec.data) {
        scan_init(&scan, wire->spec);
        if (fields_decode(&wire_pod_spec_type, "spec", &scan, arena, &spec, err) < 0)
            return -1;
    }
    if (wire->status.data) {
        scan_init(&scan, wire->status);
        if (fields_decode(&wire_pod_status_type, "status", &scan, arena, &status, err) < 0)
            return -1;
    }
    *ret = (struct pod){ .phase = parse_phase(status.phase), .node = spec.node };
    summarise_conditions(&status, ret, arena);
    summarise_waiting(status.init_containers, status.init_container_count, ret, arena);
    summarise_waiting(status.containers, status.container_count, ret, arena);
    ret->taken_at = status.started_at;
    summarise_end(&status, ret);
    if (with_start)
        ret->start = summarise_start(&status, arena);
    return 0;
}
