#include "replicas.h"

#include <string.h>

#include "deletion.h"
#include "stores.h"
#include "trees.h"
#include "world.h"

enum { RETRY_MS = 3000, MOST_RESTARTS = 4 };

static void later(struct world *world, int64_t within, agenda_action *action, struct replica *replica)
{
    agenda_add(&world->agenda, world->now + random_spread(&world->random, 1, within), action, replica);
}

static bool is_over(const struct replica *replica)
{
    return replica->thing->gone || thing_is_deleting(replica->thing);
}

bool replica_serves(const struct replica *replica)
{
    return replica->ready && !is_over(replica);
}

static enum quality quality_of(const struct world *world, const struct replica *replica)
{
    return workload_quality(world, replica->thing->now->tree);
}

/* -- what the API is told ----------------------------------------------------------------------------------------- */

static json_t *time_of(int64_t seconds)
{
    char text[32];

    return jb_str(server_format_time(seconds, text));
}

static json_t *condition(const char *type, bool status, const char *reason, int64_t since)
{
    return OBJ({ "type", jb_str(type) },
               { "status", jb_str(status ? "True" : "False") },
               { "lastTransitionTime", since ? time_of(since) : NULL },
               { "reason", reason ? jb_str(reason) : NULL });
}

static json_t *last_crash(const struct replica *replica)
{
    return OBJ({ "terminated",
                 OBJ({ "exitCode", jb_int(1) },
                     { "reason", jb_str("Error") },
                     { "message", jb_str("cannot load the model\n") },
                     { "finishedAt", time_of(replica->running_at) }) });
}

static json_t *container(const struct replica *replica)
{
    return OBJ({ "name", jb_str("server") },
               { "ready", jb_bool(replica->ready) },
               { "restartCount", jb_int(replica->restarts) },
               { "state",
                 replica->running
                     ? OBJ({ "running", OBJ({ "startedAt", time_of(replica->running_at) }) })
                     : OBJ({ "waiting",
                             OBJ({ "reason", jb_str(replica->trouble ? replica->trouble : "ContainerCreating") }) }) },
               { "lastState", replica->restarts ? last_crash(replica) : NULL });
}

static void tell(struct world *world, struct replica *replica)
{
    json_t *tree = tree_edit(replica->thing->now->tree);

    world->server.acting = ACTOR_KUBELET;
    jb_set(tree,
           "status",
           OBJ({ "phase", jb_str(replica->running ? "Running" : "Pending") },
               { "conditions",
                 ARR(condition("PodScheduled", replica->placed, replica->placed ? NULL : "Unschedulable", 0),
                     condition("Ready", replica->ready, NULL, replica->ready_at)) },
               { "containerStatuses", replica->placed ? ARR(container(replica)) : NULL }));
    server_replace(world, replica->thing, tree);
}

/* -- from place to service ---------------------------------------------------------------------------------------- */

static void become_ready(struct world *world, void *context)
{
    struct replica *replica = context;

    if (is_over(replica) || !replica->running || replica->ready)
        return;
    replica->ready = true;
    replica->ready_at = server_time(world);
    tell(world, replica);
}

static void start(struct world *world, void *context);

static void crash(struct world *world, void *context)
{
    struct replica *replica = context;

    if (is_over(replica) || !replica->running)
        return;
    replica->running = replica->ready = false;
    replica->trouble = "CrashLoopBackOff";
    replica->restarts++;
    tell(world, replica);
    if (replica->restarts < MOST_RESTARTS || quality_of(world, replica) != QUALITY_CRASHES)
        later(world, world->weather.pull_within + RETRY_MS, start, replica);
}

static void start(struct world *world, void *context)
{
    struct replica *replica = context;

    if (is_over(replica) || replica->running)
        return;
    if (!stores_replica_fetches(world, replica->thing)) {
        replica->trouble = "Init:Error";
        tell(world, replica);
        return;
    }
    replica->running = true;
    replica->running_at = server_time(world);
    replica->trouble = NULL;
    tell(world, replica);
    if (quality_of(world, replica) == QUALITY_CRASHES)
        later(world, world->weather.ready_within, crash, replica);
    else if (quality_of(world, replica) != QUALITY_NEVER_READY)
        later(world, world->weather.ready_within, become_ready, replica);
}

static unsigned placed(const struct world *world)
{
    unsigned count = 0;

    for (const struct workload *workload = world->workloads; workload; workload = workload->next)
        for (const struct replica *replica = workload->replicas; replica; replica = replica->next)
            count += replica->placed && !replica->thing->gone;
    return count;
}

static void place(struct world *world, void *context)
{
    struct replica *replica = context;
    json_t *tree;

    if (is_over(replica))
        return;
    if (world->weather.capacity && placed(world) >= world->weather.capacity) {
        tell(world, replica);
        later(world, world->weather.schedule_within + RETRY_MS, place, replica);
        return;
    }
    replica->placed = true;
    world->server.acting = ACTOR_CLUSTER;
    tree = tree_edit(replica->thing->now->tree);
    jb_set(tree_part(tree, "spec"), "nodeName", jb_str("n0"));
    server_replace(world, replica->thing, tree);
    tell(world, replica);
    later(world, world->weather.pull_within, start, replica);
}

void replica_begin(struct world *world, struct replica *replica)
{
    later(world, world->weather.schedule_within, place, replica);
}

/* -- the end ------------------------------------------------------------------------------------------------------ */

static void stop(struct world *world, void *context)
{
    struct replica *replica = context;
    json_t *tree;

    if (replica->thing->gone)
        return;
    replica->running = replica->ready = false;
    world->server.acting = ACTOR_KUBELET;
    tree = tree_edit(replica->thing->now->tree);
    jb_set(tree_part(tree, "metadata"), "deletionGracePeriodSeconds", jb_int(0));
    server_replace(world, replica->thing, tree);
}

void workloads_pod_deleting(struct world *world, struct thing *pod)
{
    if (pod->replica && !pod->gone)
        later(world, world->weather.stop_within, stop, pod->replica);
}

/* -- bad luck ----------------------------------------------------------------------------------------------------- */

static struct replica *some_replica(struct world *world)
{
    struct thing *pod;
    size_t count = world->server.counts[RESOURCE_PODS];

    if (!count)
        return NULL;
    pod = world->server.things[RESOURCE_PODS][random_below(&world->random, count)];
    return pod->replica && pod->replica->running && !is_over(pod->replica) ? pod->replica : NULL;
}

void workloads_trouble(struct world *world)
{
    struct replica *replica = some_replica(world);

    if (!replica)
        return;
    world->counters.faults++;
    switch (random_below(&world->random, 3)) {
    case 0:
        crash(world, replica);
        break;
    case 1:
        if (!replica->ready)
            return;
        replica->ready = false;
        replica->ready_at = server_time(world);
        tell(world, replica);
        later(world, world->weather.ready_within + RETRY_MS, become_ready, replica);
        break;
    default:
        world->server.acting = ACTOR_CLUSTER;
        deletion_begin(world, replica->thing, PROPAGATION_BACKGROUND, -1);
        break;
    }
}
