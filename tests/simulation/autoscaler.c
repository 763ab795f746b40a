#include "autoscaler.h"

#include <string.h>

#include "trees.h"
#include "workloads.h"
#include "world.h"

static struct thing *target_of(const struct world *world, const struct thing *autoscaler)
{
    const json_t *target = jb_get(jb_get(autoscaler->now->tree, "spec"), "scaleTargetRef");

    return server_find(world, RESOURCE_DEPLOYMENTS, autoscaler->namespace, jb_get_str(target, "name"));
}

static int within_bounds(const struct thing *autoscaler, int replicas)
{
    const json_t *spec = jb_get(autoscaler->now->tree, "spec");
    int least = (int)jb_get_int(spec, "minReplicas", 1), most = (int)jb_get_int(spec, "maxReplicas", 1);

    return replicas < least ? least : replicas > most ? most : replicas;
}

/* One of a Deployment that is scaled to zero is off. */
static void set(struct world *world, struct thing *autoscaler, int replicas)
{
    struct thing *deployment = target_of(world, autoscaler);

    if (!deployment || thing_is_deleting(deployment) || thing_is_deleting(autoscaler) || !workload_wanted(deployment))
        return;
    replicas = within_bounds(autoscaler, replicas < 0 ? workload_wanted(deployment) : replicas);
    world->server.acting = ACTOR_CLUSTER;
    if (replicas == workload_wanted(deployment))
        return;
    world_trace(world, "an autoscaler: %s to %d", deployment->name, replicas);
    workload_scale(world, deployment, replicas);
}

static void keep_bounds(struct world *world, void *context)
{
    struct thing *autoscaler = context;

    if (!autoscaler->gone)
        set(world, autoscaler, -1);
}

static void keep_bounds_later(struct world *world, struct thing *autoscaler)
{
    agenda_add(&world->agenda,
               world->now + random_spread(&world->random, 1, world->weather.scale_within),
               keep_bounds,
               autoscaler);
}

void autoscaler_notice(struct world *world, struct thing *thing)
{
    const struct server *server = &world->server;

    if (thing->gone)
        return;
    if (thing->resource == RESOURCE_AUTOSCALERS)
        keep_bounds_later(world, thing);
    if (thing->resource == RESOURCE_DEPLOYMENTS)
        for (size_t i = 0; i < server->counts[RESOURCE_AUTOSCALERS]; i++)
            if (target_of(world, server->things[RESOURCE_AUTOSCALERS][i]) == thing)
                keep_bounds_later(world, server->things[RESOURCE_AUTOSCALERS][i]);
}

void autoscaler_move(struct world *world)
{
    size_t count = world->server.counts[RESOURCE_AUTOSCALERS];

    if (count)
        set(world,
            world->server.things[RESOURCE_AUTOSCALERS][random_below(&world->random, count)],
            (int)random_between(&world->random, 1, 8));
}
