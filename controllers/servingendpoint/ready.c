#include <string.h>

#include "endpoint.h"

/* Whether a good revision answers: its pods are ready, and who asks for it from outside gets through to them. */

const struct servingendpoint_status_conditions *said_before(const struct endpoint *endpoint, const char *type)
{
    static const struct servingendpoint_status_conditions nothing = { .reason = "", .message = "" };
    const struct servingendpoint_status *status = endpoint->status;

    for (size_t i = 0; i < status->conditions_count; i++)
        if (strcmp(status->conditions[i].type, type) == 0 && status->conditions[i].reason &&
            status->conditions[i].message)
            return &status->conditions[i];
    return &nothing;
}

static bool was_routed(const struct endpoint *endpoint)
{
    const struct servingendpoint_status_conditions *before = said_before(endpoint, "Ready");

    return before->status == SERVINGENDPOINT_STATUS_CONDITIONS_STATUS_TRUE && strncmp(before->reason, "Route", 5) == 0;
}

/* After a restart no answer is there yet: that makes nothing good that was bad, nor is it worth a write. */
static bool is_as_before(const struct endpoint *endpoint, struct standing *ret)
{
    const struct servingendpoint_status_conditions *before = said_before(endpoint, "Ready");

    if (!awaits_answer(endpoint) || strncmp(before->reason, "Route", 5) != 0)
        return false;
    *ret = (struct standing){ before->status == SERVINGENDPOINT_STATUS_CONDITIONS_STATUS_TRUE,
                              before->reason,
                              before->message };
    return true;
}

static struct standing ready_by_route(const struct endpoint *endpoint)
{
    struct standing routed = route_standing(endpoint);
    const char *why = NULL;
    enum reach reach = has_route(endpoint) ? endpoint_reach(endpoint, &why) : REACH_UNKNOWN;
    struct standing before;

    if (reach == REACH_YES)
        return (struct standing){ true, "RouteAnswers", "A request through the Gateway was answered" };
    if (reach == REACH_NO)
        return (struct standing){ false,
                                  "RouteDoesNotAnswer",
                                  arena_printf(endpoint->arena, "Through the Gateway it %s", why) };
    if (endpoint->route.problem || !has_route(endpoint))
        return routed;
    if (is_as_before(endpoint, &before))
        return before;
    if (endpoint->route.judged || (was_routed(endpoint) && strcmp(routed.reason, "WaitingForGateway") == 0))
        return (struct standing){ true, "RouteAccepted", "Its pods are ready, and gateways have its route" };
    return routed;
}

/* Inside the cluster it answers by the Service of its name. */
static const struct failure *find_nameless(const struct endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->in->failure_count; i++)
        if (endpoint->in->failures[i].kind == KIND_SERVICE && !*endpoint->in->failures[i].role)
            return &endpoint->in->failures[i];
    return NULL;
}

struct standing ready_standing(const struct endpoint *endpoint)
{
    const char *name = endpoint->stable->recipe.name;
    struct trouble trouble;

    if (!endpoint->stable->ready)
        return (struct standing){ false, "NoReadyPods", arena_printf(endpoint->arena, "No pod of %s is ready", name) };
    if (endpoint->spec->route)
        return ready_by_route(endpoint);
    if (find_nameless(endpoint) && find_obstacle(endpoint, &trouble))
        return (struct standing){
            false, trouble.reason, arena_printf(endpoint->arena, "%s is ready, but the endpoint %s", name, trouble.text)
        };
    return (struct standing){ true, "PodsReady", arena_printf(endpoint->arena, "%s is ready", name) };
}
