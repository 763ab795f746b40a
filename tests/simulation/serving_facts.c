#include "serving_facts.h"

#include <string.h>

#include "../../operator/model/object.h"
#include "trees.h"
#include "workloads.h"
#include "world.h"

struct thing *endpoint_of(const struct world *world, const struct thing *child)
{
    struct thing *owner = server_owner(world, child->now->tree);

    return owner && owner->resource == RESOURCE_ENDPOINTS && !thing_is_deleting(owner) ? owner : NULL;
}

bool endpoint_is_observed(const struct thing *endpoint)
{
    const json_t *tree = endpoint->now->tree;

    return jb_get_int(jb_get(tree, "status"), "observedGeneration", -1) ==
           jb_get_int(tree_metadata(tree), "generation", 0);
}

static const json_t *spec_of(const struct snapshot *snapshot)
{
    return jb_get(snapshot->tree, "spec");
}

bool endpoint_scales(const struct thing *endpoint)
{
    return jb_get(spec_of(endpoint->now), "autoscaling");
}

static int replicas_of(const struct snapshot *snapshot)
{
    const json_t *autoscaling = jb_get(spec_of(snapshot), "autoscaling");

    return autoscaling ? (int)jb_get_int(autoscaling, "minReplicas", 1)
                       : (int)jb_get_int(spec_of(snapshot), "replicas", 1);
}

int endpoint_replicas(const struct thing *endpoint)
{
    return replicas_of(endpoint->now);
}

const json_t *endpoint_rollout(const struct thing *endpoint)
{
    return jb_get(spec_of(endpoint->now), "rollout");
}

static int64_t delay_ms(const struct snapshot *snapshot)
{
    return 1000 * jb_get_int(jb_get(jb_get(snapshot->tree, "spec"), "rollout"), "scaleDownDelaySeconds", 300);
}

int64_t endpoint_delay_ms(const struct world *world, const struct thing *endpoint)
{
    const struct server *server = &world->server;
    int64_t least = delay_ms(endpoint->now);

    for (size_t i = 0; i < server->change_count; i++)
        if (server->changes[i].thing == endpoint && delay_ms(server->changes[i].after) < least)
            least = delay_ms(server->changes[i].after);
    return least;
}

const char *status_stable(const json_t *endpoint)
{
    return jb_get_str(jb_get(jb_get(endpoint, "status"), "stable"), "revision");
}

const char *status_candidate(const json_t *endpoint)
{
    return jb_get_str(jb_get(jb_get(endpoint, "status"), "candidate"), "revision");
}

const char *status_reason(const json_t *endpoint, const char *condition)
{
    return jb_get_str(tree_condition(jb_get(endpoint, "status"), condition), "reason");
}

const json_t *status_rejection(const json_t *endpoint, const char *revision)
{
    const json_t *rejected = jb_get(jb_get(endpoint, "status"), "rejected");

    for (size_t i = 0; i < json_array_size(rejected); i++)
        if (strcmp(jb_get_str(json_array_get(rejected, i), "revision"), revision) == 0)
            return json_array_get(rejected, i);
    return NULL;
}

bool endpoint_recreates(const struct thing *endpoint)
{
    const json_t *candidate = jb_get(jb_get(endpoint->now->tree, "status"), "candidate");

    return strcmp(jb_get_str(candidate, "strategy"), "Recreate") == 0 ||
           strcmp(jb_get_str(endpoint_rollout(endpoint), "strategy"), "Recreate") == 0;
}

struct workload *revision_workload(const struct world *world, const struct thing *endpoint, const char *revision)
{
    const struct thing *deployment = server_find(world, RESOURCE_DEPLOYMENTS, endpoint->namespace, revision);

    return deployment && endpoint_of(world, deployment) == endpoint ? deployment->workload : NULL;
}

/* -- what the operator may look back on --------------------------------------------------------------------------- */

enum { LONG_MS = 3 * 60000, SHORT_MS = 20000, SMALL_LAG_MS = 1000 };

static int64_t knowledge_ms(const struct world *world)
{
    const struct weather *weather = &world->weather;
    bool is_rough = weather->freeze_every || weather->mute || weather->refused || weather->outage_every ||
                    weather->lag > SMALL_LAG_MS || (world->calm && world->now - world->calm_since < LONG_MS);

    return is_rough ? LONG_MS : SHORT_MS;
}

static bool decides(const struct change *change)
{
    const json_t *before = change->before ? change->before->tree : NULL, *after = change->after->tree;
    const json_t *from = jb_get(jb_get(before, "status"), "candidate"),
                 *to = jb_get(jb_get(after, "status"), "candidate");

    return strcmp(status_stable(before), status_stable(after)) != 0 ||
           strcmp(status_candidate(before), status_candidate(after)) != 0 ||
           jb_get_int(from, "trafficPercent", 0) != jb_get_int(to, "trafficPercent", 0);
}

int endpoint_fewest_replicas(const struct world *world, const struct thing *endpoint)
{
    const struct server *server = &world->server;
    int fewest = endpoint_replicas(endpoint);

    for (size_t i = server->change_count; i-- > 0;) {
        const struct change *change = &server->changes[i];

        if (change->thing != endpoint)
            continue;
        if (replicas_of(change->after) < fewest)
            fewest = replicas_of(change->after);
        if (decides(change))
            break;
    }
    return fewest;
}

static int64_t look_back(const struct world *world, const struct thing *endpoint)
{
    const struct server *server = &world->server;

    for (size_t i = server->change_count; i-- > 0;)
        if (server->changes[i].thing == endpoint && decides(&server->changes[i]))
            return server->changes[i].at - knowledge_ms(world);
    return world->now - LONG_MS;
}

bool another_is_ready(const struct world *world, const struct thing *endpoint, const char *revision)
{
    for (const struct workload *workload = world->workloads; workload; workload = workload->next)
        if (!workload->thing->gone && endpoint_of(world, workload->thing) == endpoint &&
            strcmp(workload->thing->name, revision) != 0 &&
            workload_least_since(workload, look_back(world, endpoint)) > 0)
            return true;
    return false;
}

bool was_there(const struct world *world, enum resource resource, const char *namespace, const char *name)
{
    const struct server *server = &world->server;

    for (size_t i = server->change_count; i-- > 0;) {
        const struct thing *thing = server->changes[i].thing;

        if (thing->resource == resource && thing->gone && strcmp(thing->name, name) == 0 &&
            strcmp(thing->namespace, namespace) == 0)
            return true;
    }
    return false;
}

bool revision_had(const struct world *world, const struct thing *endpoint, const char *revision, int pods)
{
    const struct workload *workload = revision_workload(world, endpoint, revision);

    if (!workload)
        return was_there(world, RESOURCE_DEPLOYMENTS, endpoint->namespace, revision);
    return workload_most_since(workload, look_back(world, endpoint)) >= pods;
}

const char *selected_revision(const json_t *service)
{
    return jb_get_str(jb_get(jb_get(service, "spec"), "selector"), LABEL_ROLE);
}
