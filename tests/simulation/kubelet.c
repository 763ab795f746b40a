#include "kubelet.h"

#include <string.h>

#include "../../operator/base/memory.h"
#include "../../operator/model/object.h"
#include "deletion.h"
#include "stores.h"
#include "trees.h"
#include "world.h"

enum { RETRY_MS = 1500, NODES = 4 };

static const char *const nodes[NODES] = { "n0", "n1", "n2", "n3" };

static void later(struct world *world, int64_t within, agenda_action *action, struct life *life)
{
    agenda_add(&world->agenda, world->now + random_spread(&world->random, 1, within), action, life);
}

static bool node_is_down(const struct world *world, const struct life *life)
{
    return life->node >= 0 && world->now < world->node_down_until[life->node];
}

/* -- what the API is told ----------------------------------------------------------------------------------------- */

static json_t *condition(const char *type, bool status, const char *reason, const char *message)
{
    return OBJ({ "type", jb_str(type) },
               { "status", jb_str(status ? "True" : "False") },
               { "reason", jb_str(reason) },
               { "message", jb_str(message) });
}

static json_t *time_of(int64_t seconds)
{
    char text[32];

    return jb_str(server_format_time(seconds, text));
}

static json_t *container_state(const struct life *life)
{
    if (life->ended)
        return OBJ({ "terminated",
                     OBJ({ "exitCode", jb_int(life->exit_code) },
                         { "reason", jb_str(life->reason) },
                         { "message", life->exit_code ? jb_str("step 12\nlast words\n") : NULL },
                         { "startedAt", life->started_at ? time_of(life->started_at) : NULL },
                         { "finishedAt", time_of(life->finished_at) }) });
    if (life->running)
        return OBJ({ "running", OBJ({ "startedAt", time_of(life->started_at) }) });
    return OBJ({ "waiting", OBJ({ "reason", jb_str(life->reason ? life->reason : "ContainerCreating") }) });
}

static const char *phase_of(const struct life *life)
{
    if (!life->ended)
        return life->running ? "Running" : "Pending";
    return life->exit_code || life->evicted ? "Failed" : "Succeeded";
}

static json_t *status_of(const struct life *life)
{
    bool ready = life->running && !life->ended;
    bool has_container = !life->evicted && (!life->ended || life->started_at);

    return OBJ({ "phase", jb_str(phase_of(life)) },
               { "reason", life->evicted ? jb_str("Evicted") : NULL },
               { "message", life->evicted ? jb_str("The node was low on resource: memory.") : NULL },
               { "conditions",
                 ARR(condition("PodScheduled", true, NULL, NULL),
                     condition("Ready", ready, NULL, NULL),
                     life->disrupted ? condition("DisruptionTarget", true, "EvictionByEvictionAPI", NULL) : NULL) },
               { "containerStatuses",
                 has_container ? ARR(OBJ({ "name", jb_str("main") },
                                         { "ready", jb_bool(ready) },
                                         { "restartCount", jb_int(0) },
                                         { "state", container_state(life) }))
                               : NULL });
}

static void set_status(struct world *world, struct thing *thing, json_t *take_status)
{
    json_t *tree = tree_edit(thing->now->tree);

    world->server.acting = ACTOR_KUBELET;
    jb_set(tree, "status", take_status);
    server_replace(world, thing, tree);
}

/* The kubelet's last word about a pod that is being deleted: nothing of it is left on the node. */
static void finalize(struct world *world, void *context)
{
    struct thing *thing = ((struct life *)context)->thing;
    json_t *tree;

    if (thing->gone)
        return;
    world->server.acting = ACTOR_KUBELET;
    tree = tree_edit(thing->now->tree);
    jb_set(tree_part(tree, "metadata"), "deletionGracePeriodSeconds", jb_int(0));
    server_replace(world, thing, tree);
}

static void report(struct world *world, void *context)
{
    struct life *life = context;

    if (life->thing->gone)
        return;
    if (node_is_down(world, life)) {
        later(world, RETRY_MS, report, life);
        return;
    }
    if (!life->seen)
        set_status(world, life->thing, status_of(life));
    life->seen_running |= life->running;
    if (!life->ended)
        return;
    if (!life->seen)
        life->seen = strcmp(phase_of(life), "Succeeded") == 0 ? LIFE_SUCCEEDED : LIFE_FAILED;
    if (!life->thing->gone && thing_is_deleting(life->thing))
        later(world, 500, finalize, life);
}

/* -- ends --------------------------------------------------------------------------------------------------------- */

static void end(struct world *world, struct life *life, int exit_code, const char *reason)
{
    life->ended = true;
    life->running = false;
    life->exit_code = exit_code;
    life->reason = reason;
    life->finished_at = server_time(world);
    later(world, world->weather.report_within, report, life);
}

static void run_out(struct world *world, void *context)
{
    static const int codes[] = { 1, 2, 42, 127, 137, 139 };
    const struct weather *weather = &world->weather;
    struct life *life = context;

    if (life->ended || life->thing->gone)
        return;
    if (node_is_down(world, life)) {
        later(world, RETRY_MS, run_out, life);
    } else if (random_chance(&world->random, weather->fails)) {
        end(world, life, codes[random_below(&world->random, sizeof(codes) / sizeof(codes[0]))], "Error");
    } else if (random_chance(&world->random, weather->is_killed)) {
        end(world, life, 137, "OOMKilled");
    } else if (random_chance(&world->random, weather->is_evicted)) {
        life->evicted = true;
        end(world, life, 137, "Error");
    } else {
        end(world, life, 0, "Completed");
    }
}

static void stop(struct world *world, void *context)
{
    struct life *life = context;

    if (life->ended || life->thing->gone)
        return;
    if (node_is_down(world, life)) {
        later(world, RETRY_MS, stop, life);
        return;
    }
    if (life->running && random_chance(&world->random, 300))
        end(world, life, 0, "Completed");
    else
        end(world, life, 143, "Error");
}

void kubelet_deleting(struct world *world, struct thing *thing)
{
    struct life *life = thing->life;

    if (!life || thing->gone || life->node < 0)
        return;
    if (life->ended)
        later(world, world->weather.report_within, report, life);
    else
        later(world, world->weather.stop_within, stop, life);
}

/* -- beginnings --------------------------------------------------------------------------------------------------- */

static void start(struct world *world, void *context)
{
    struct life *life = context;

    if (life->thing->gone || life->ended || thing_is_deleting(life->thing))
        return;
    if (node_is_down(world, life)) {
        later(world, RETRY_MS, start, life);
        return;
    }
    if (random_chance(&world->random, world->weather.pull_trouble)) {
        life->reason = random_chance(&world->random, 500) ? "ErrImagePull" : "ImagePullBackOff";
        later(world, world->weather.report_within, report, life);
        later(world, world->weather.pull_within + RETRY_MS, start, life);
        return;
    }
    life->running = true;
    life->started_at = server_time(world);
    stores_pod_starts(world, life->thing);
    later(world, world->weather.report_within, report, life);
    if (!life->forever)
        later(world, world->weather.run_within, run_out, life);
}

static void schedule(struct world *world, void *context)
{
    struct life *life = context;
    struct thing *thing = life->thing;
    json_t *tree;

    if (thing->gone || thing_is_deleting(thing))
        return;
    if (random_chance(&world->random, world->weather.unschedulable)) {
        set_status(
            world,
            thing,
            OBJ({ "phase", jb_str("Pending") },
                { "conditions", ARR(condition("PodScheduled", false, "Unschedulable", "0/4 nodes are available")) }));
        later(world, world->weather.schedule_within + RETRY_MS, schedule, life);
        return;
    }
    world->server.acting = ACTOR_CLUSTER;
    life->node = (int)random_below(&world->random, NODES);
    tree = tree_edit(thing->now->tree);
    jb_set(tree_part(tree, "spec"), "nodeName", jb_str(nodes[life->node]));
    jb_set(tree_part(tree, "status"), "conditions", ARR(condition("PodScheduled", true, NULL, NULL)));
    server_replace(world, thing, tree);
    later(world, world->weather.pull_within, start, life);
}

static int label_number(const json_t *labels, const char *key)
{
    return atoi(jb_get_str(labels, key));
}

void kubelet_added(struct world *world, struct thing *thing)
{
    const json_t *owner = tree_controller(thing->now->tree),
                 *labels = jb_get(tree_metadata(thing->now->tree), "labels");
    struct life *life;

    if (thing->resource != RESOURCE_PODS || strcmp(jb_get_str(owner, "kind"), "TrainingJob") != 0)
        return;
    life = xcalloc(1, sizeof(*life));
    *life = (struct life){ .next = world->lives,
                           .thing = thing,
                           .job_uid = xstrdup(jb_get_str(owner, "uid")),
                           .role = xstrdup(jb_get_str(labels, LABEL_ROLE)),
                           .index = label_number(labels, LABEL_INDEX),
                           .attempt = label_number(labels, LABEL_ATTEMPT),
                           .node = -1 };
    life->forever =
        (strcmp(life->role, "ps") == 0 || strcmp(life->role, "evaluator") == 0) && random_chance(&world->random, 700);
    thing->life = life;
    world->lives = life;
    world->counters.pods++;
    later(world, world->weather.schedule_within, schedule, life);
}

/* -- nodes -------------------------------------------------------------------------------------------------------- */

void kubelet_disrupt(struct world *world, struct thing *thing)
{
    struct life *life = thing->life;

    if (!life || thing->gone || life->ended || thing_is_deleting(thing))
        return;
    life->disrupted = true;
    if (life->node >= 0)
        set_status(world, thing, status_of(life));
    world->server.acting = ACTOR_CLUSTER;
    deletion_begin(world, thing, PROPAGATION_BACKGROUND, -1);
}

static void evict_node(struct world *world, void *context)
{
    int node = (int)((const char *const *)context - nodes);

    if (world->now >= world->node_down_until[node])
        return;
    for (size_t i = world->server.counts[RESOURCE_PODS]; i-- > 0;) {
        struct thing *thing = world->server.things[RESOURCE_PODS][i];

        if (thing->life && thing->life->node == node)
            kubelet_disrupt(world, thing);
    }
}

/* The node is gone for good: what ran there counts as failed, and nobody waits for its kubelet. */
static void collect_node(struct world *world, void *context)
{
    int node = (int)((const char *const *)context - nodes);

    for (size_t i = world->server.counts[RESOURCE_PODS]; i-- > 0;) {
        struct thing *thing = world->server.things[RESOURCE_PODS][i];
        struct life *life = thing->life;

        if (!life || life->node != node || life->seen || !thing_is_deleting(thing))
            continue;
        if (!life->ended) {
            life->disrupted = true;
            end(world, life, 137, "ContainerStatusUnknown");
        }
        report(world, life);
    }
}

void node_trouble(struct world *world)
{
    int node = (int)random_below(&world->random, NODES);
    int64_t length = random_spread(&world->random, 5000, 120000);

    world->node_down_until[node] = world->now + length;
    agenda_add(
        &world->agenda, world->now + random_between(&world->random, 5000, 40000), evict_node, (void *)&nodes[node]);
    if (random_chance(&world->random, 500))
        agenda_add(&world->agenda, world->now + length, collect_node, (void *)&nodes[node]);
}

/* -- looking back ------------------------------------------------------------------------------------------------- */

struct life *life_of(const struct world *world, const char *job_uid, const char *role, int index)
{
    for (struct life *life = world->lives; life; life = life->next)
        if (life->index == index && strcmp(life->role, role) == 0 && strcmp(life->job_uid, job_uid) == 0)
            return life;
    return NULL;
}

void lives_finish(struct world *world)
{
    for (struct life *life = world->lives, *next; life; life = next) {
        next = life->next;
        free(life->job_uid);
        free(life->role);
        free(life);
    }
    world->lives = NULL;
}
