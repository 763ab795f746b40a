#include <string.h>

#include "../agent/pod_waits.h"
#include "endpoint.h"

/* -- what the server refused us ------------------------------------------------------------------------------------ */

static void tell_refusal(const struct endpoint *endpoint, const struct failure *failure, struct trouble *ret)
{
    static const char *const reasons[] = { [FAILURE_INVALID] = "Invalid",
                                           [FAILURE_DENIED] = "Denied",
                                           [FAILURE_TAKEN] = "NameTaken",
                                           [FAILURE_SERVER] = "ServerTrouble" };

    ret->reason = reasons[failure->type];
    ret->text = arena_printf(endpoint->arena,
                             "cannot have its %s %s: %s%.500s",
                             kind_info(failure->kind)->name,
                             failure->name,
                             failure->type == FAILURE_TAKEN ? "delete what has that name; " : "the API server says: ",
                             failure->message);
}

static bool find_refusal(const struct endpoint *endpoint, const struct revision *revision, struct trouble *ret)
{
    for (size_t i = 0; i < endpoint->in->failure_count; i++) {
        if (strcmp(endpoint->in->failures[i].role, revision->recipe.name) != 0)
            continue;
        tell_refusal(endpoint, &endpoint->in->failures[i], ret);
        return true;
    }
    return false;
}

/* A route has a condition of its own, and a candidate its rollout; all else stands in nobody's way, and is not said. */
bool find_obstacle(const struct endpoint *endpoint, struct trouble *ret)
{
    const char *candidate = endpoint->candidate ? endpoint->candidate->recipe.name : "?";

    for (size_t i = 0; i < endpoint->in->failure_count; i++) {
        const struct failure *failure = &endpoint->in->failures[i];

        if (failure->kind == KIND_HTTP_ROUTE || failure->kind == KIND_GRPC_ROUTE || failure->type == FAILURE_SERVER ||
            strcmp(failure->role, candidate) == 0)
            continue;
        tell_refusal(endpoint, failure, ret);
        return true;
    }
    return false;
}

/* -- what its pods say
 * ------------------------------------------------------------------------------------------------------ */

static bool is_unschedulable(const struct endpoint *endpoint, const struct object *pod, struct trouble *ret)
{
    bool is_surge = endpoint->stable && endpoint->stable->pods;

    if (!pod->pod.unschedulable)
        return false;
    ret->reason = "NoCapacity";
    ret->text = arena_printf(endpoint->arena,
                             "has pods that fit on no node%s: %s. The scheduler says: %.300s",
                             is_surge ? " beside those that serve" : "",
                             is_surge ? "add nodes, ask for less, or write strategy Recreate, which frees theirs first"
                                      : "add nodes, or ask for less",
                             pod->pod.wait_message);
    return true;
}

static bool is_crashing(const struct endpoint *endpoint, const struct object *pod, struct trouble *ret)
{
    const struct pod_start *start = pod->pod.start;

    if (strcmp(pod->pod.wait_reason, "CrashLoopBackOff") != 0)
        return false;
    ret->reason = "CrashLoopBackOff";
    ret->text =
        arena_printf(endpoint->arena,
                     "has pods whose container ends as often as it is started (exit code %d, %d restarts)%s%.300s. "
                     "Its log: kubectl logs -p -l " LABEL_ROLE "=%s --all-containers",
                     start ? start->crash_code : 0,
                     start ? start->restarts : 0,
                     start && *start->crash_message ? ": " : "",
                     start ? start->crash_message : "",
                     pod->role);
    return true;
}

static bool is_held_up(const struct endpoint *endpoint, const struct object *pod, struct trouble *ret)
{
    const struct wait_cause *cause = wait_cause_find(pod->pod.wait_reason);

    if (!cause)
        return false;
    ret->reason = cause->name;
    ret->text = arena_printf(endpoint->arena,
                             "has a pod that %s: %s%s%.300s",
                             cause->what,
                             cause->advice ? cause->advice : "correct it in spec.template",
                             *pod->pod.wait_message ? ". The node says: " : "",
                             pod->pod.wait_message);
    return true;
}

/* What the Deployment was refused: quota, Pod Security, a missing ServiceAccount. */
static bool find_denial(const struct endpoint *endpoint, const struct revision *revision, struct trouble *ret)
{
    const char *message = revision->denied;

    if (!message)
        return false;
    ret->reason = strstr(message, "exceeded quota")    ? "QuotaExceeded"
                  : strstr(message, "PodSecurity")     ? "PodSecurityDenied"
                  : strstr(message, "service account") ? "ServiceAccountMissing"
                                                       : "PodsDenied";
    ret->text = arena_printf(endpoint->arena, "is refused pods; the API server says: %.500s", message);
    return true;
}

bool find_trouble(const struct endpoint *endpoint, const struct revision *revision, struct trouble *ret)
{
    struct objects pods = endpoint->in->grandchildren[KIND_POD];

    if (find_refusal(endpoint, revision, ret) || find_denial(endpoint, revision, ret))
        return true;
    for (size_t i = 0; i < pods.count; i++) {
        const struct object *pod = pods.items[i];

        if (strcmp(pod->role, revision->recipe.name) != 0 || pod->deleted_at || pod->pod.ready)
            continue;
        if (is_unschedulable(endpoint, pod, ret) || is_crashing(endpoint, pod, ret) || is_held_up(endpoint, pod, ret))
            return true;
    }
    return false;
}
