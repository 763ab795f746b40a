/* Invariants on how ServingEndpoints stand when the calm has done its work. */

#include <string.h>

#include "../../operator/model/object.h"
#include "gateway.h"
#include "rollouts.h"
#include "serving_facts.h"
#include "trees.h"
#include "workloads.h"
#include "world.h"

static const json_t *status_of(const struct thing *endpoint)
{
    return jb_get(endpoint->now->tree, "status");
}

static bool is_true(const struct thing *endpoint, const char *condition)
{
    return tree_condition_is_true(status_of(endpoint), condition);
}

static void endpoints_end_well(struct world *world, const struct thing *endpoint, const char *why)
{
    BROKEN(world,
           "%s is at rest (%s, stable %s, candidate %s, '%.200s'): %s",
           endpoint->name,
           jb_get_str(status_of(endpoint), "phase"),
           status_stable(endpoint->now->tree),
           status_candidate(endpoint->now->tree),
           jb_get_str(status_of(endpoint), "message"),
           why);
}

/* -- what keeps an endpoint from being ready ---------------------------------------------------------------------- */

static const json_t *template_image(const json_t *spec)
{
    const json_t *containers = jb_get(jb_get(jb_get(spec, "template"), "spec"), "containers");

    return jb_get(json_array_get(containers, 0), "image");
}

/* It is served as its spec says: the same image; the model is the operator's to find. */
static bool is_of_spec(const struct thing *endpoint, const struct workload *workload)
{
    const json_t *wanted = template_image(jb_get(endpoint->now->tree, "spec"));

    return workload &&
           json_equal((json_t *)wanted, (json_t *)template_image(jb_get(workload->thing->now->tree, "spec")));
}

static bool has_good_route(const struct world *world, const struct thing *endpoint)
{
    const json_t *route = jb_get(jb_get(endpoint->now->tree, "spec"), "route");
    const char *parent = jb_get_str(json_array_get(jb_get(route, "parentRefs"), 0), "name");
    const char *host = json_string_value(json_array_get(jb_get(route, "hostnames"), 0));

    return !route ||
           (world->server.has_gateways && strcmp(parent, GATEWAY_NAME) == 0 && host && strstr(host, ".example.com"));
}

/* What the spec asks for it rejects, too: a person decided that. */
static bool is_rejected_by_spec(const struct thing *endpoint)
{
    const char *reject = jb_get_str(endpoint_rollout(endpoint), "reject");

    return *reject && status_rejection(endpoint->now->tree, reject);
}

/* Nothing in the world is in the way of what its spec wants. */
static bool must_be_ready(const struct world *world, const struct thing *endpoint)
{
    const json_t *spec = jb_get(endpoint->now->tree, "spec");
    const json_t *rollout = endpoint_rollout(endpoint);

    return workload_quality(world, jb_get(spec, "template")) == QUALITY_GOOD && !world->weather.capacity &&
           has_good_route(world, endpoint) && !jb_get(spec, "modelRef") && !json_is_true(jb_get(rollout, "paused")) &&
           !is_rejected_by_spec(endpoint);
}

/* -- at rest ------------------------------------------------------------------------------------------------------ */

static void check_said(struct world *world, const struct thing *endpoint)
{
    if (!endpoint_is_observed(endpoint))
        endpoints_end_well(world, endpoint, "its status is about an older generation");
    if (!*jb_get_str(status_of(endpoint), "message") && !is_true(endpoint, "Ready"))
        endpoints_end_well(world, endpoint, "it does not say why it is not ready");
    if (!*status_reason(endpoint->now->tree, "Ready"))
        endpoints_end_well(world, endpoint, "there is no condition Ready");
}

/* At rest with a candidate: a person, or time that nobody waits for here, decides. */
static bool waits_for_somebody(const struct thing *endpoint)
{
    return json_is_true(jb_get(endpoint_rollout(endpoint), "paused")) || is_true(endpoint, "Stalled") ||
           strcmp(status_reason(endpoint->now->tree, "Reconciling"), "") != 0;
}

static void check_serving(struct world *world, const struct thing *endpoint)
{
    const struct traffic *traffic = gateway_traffic(world, endpoint->namespace, endpoint->name);
    const char *stable = status_stable(endpoint->now->tree);
    const struct workload *workload = revision_workload(world, endpoint, stable);
    const struct thing *service = server_find(world, RESOURCE_SERVICES, endpoint->namespace, endpoint->name);

    if (!workload || workload_ready(workload) < 1)
        endpoints_end_well(world, endpoint, "it says that it is ready, and has no ready pods");
    if (!service || strcmp(selected_revision(service->now->tree), stable) != 0)
        endpoints_end_well(world, endpoint, "its Service does not select the stable revision");
    if (!jb_get(jb_get(endpoint->now->tree, "spec"), "route") || *status_candidate(endpoint->now->tree))
        return;
    if (!traffic || table_percent(&traffic->served, stable) != 100)
        endpoints_end_well(world, endpoint, "it says that it is ready, and its route gives the stable revision less");
}

static void check_pods(struct world *world, const struct thing *endpoint)
{
    const char *stable = status_stable(endpoint->now->tree);

    for (const struct workload *workload = world->workloads; workload; workload = workload->next) {
        if (workload->thing->gone || thing_is_deleting(workload->thing) ||
            endpoint_of(world, workload->thing) != endpoint)
            continue;
        if (strcmp(workload->thing->name, stable) != 0)
            endpoints_end_well(world, endpoint, "a revision is left that nobody needs");
        else if (!endpoint_scales(endpoint) && workload_wanted(workload->thing) != endpoint_replicas(endpoint))
            endpoints_end_well(world, endpoint, "the stable revision has another number of pods than its spec says");
    }
}

static void check_verdict(struct world *world, const struct thing *endpoint)
{
    const char *stable = status_stable(endpoint->now->tree);
    const struct workload *workload = revision_workload(world, endpoint, stable);
    bool serves_spec = is_of_spec(endpoint, workload);

    if (!serves_spec && !is_true(endpoint, "Stalled") && !is_true(endpoint, "Reconciling"))
        endpoints_end_well(world, endpoint, "it serves something else than its spec says, and does not say so");
    if (must_be_ready(world, endpoint) && !is_true(endpoint, "Ready"))
        endpoints_end_well(world, endpoint, "nothing is in the way of what its spec wants");
}

void rollouts_at_end(struct world *world)
{
    for (size_t i = 0; i < world->server.counts[RESOURCE_ENDPOINTS]; i++) {
        const struct thing *endpoint = world->server.things[RESOURCE_ENDPOINTS][i];

        if (thing_is_deleting(endpoint) || (world->weather.one_namespace && strcmp(endpoint->namespace, "red") != 0))
            continue;
        check_said(world, endpoint);
        if (is_true(endpoint, "Ready"))
            check_serving(world, endpoint);
        if (!*status_candidate(endpoint->now->tree)) {
            check_pods(world, endpoint);
            check_verdict(world, endpoint);
        } else if (!waits_for_somebody(endpoint)) {
            endpoints_end_well(world, endpoint, "it has a candidate, and nobody is waited for");
        }
    }
}
