#include "workloads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "deletion.h"
#include "replicas.h"
#include "trees.h"
#include "world.h"

enum { RETRY_MS = 1500 };

static void later(struct world *world, int64_t within, agenda_action *action, void *context)
{
    agenda_add(&world->agenda, world->now + random_spread(&world->random, 1, within), action, context);
}

/* -- counting ----------------------------------------------------------------------------------------------------- */

int workload_wanted(const struct thing *deployment)
{
    return (int)jb_get_int(jb_get(deployment->now->tree, "spec"), "replicas", 1);
}

int workload_ready(const struct workload *workload)
{
    int count = 0;

    for (const struct replica *replica = workload->replicas; replica; replica = replica->next)
        count += replica_serves(replica);
    return count;
}

int workload_live(const struct workload *workload)
{
    int count = 0;

    for (const struct replica *replica = workload->replicas; replica; replica = replica->next)
        count += !replica->thing->gone && !thing_is_deleting(replica->thing);
    return count;
}

int workload_most_since(const struct workload *workload, int64_t since)
{
    int most = workload_ready(workload);

    for (size_t i = workload->sample_count; i-- > 0;) {
        if (workload->samples[i].available > most)
            most = workload->samples[i].available;
        if (workload->samples[i].at < since)
            break;
    }
    return most;
}

int workload_least_since(const struct workload *workload, int64_t since)
{
    int least = workload_ready(workload);
    size_t i = workload->sample_count;

    while (i-- > 0) {
        if (workload->samples[i].available < least)
            least = workload->samples[i].available;
        if (workload->samples[i].at < since)
            return least;
    }
    return 0;
}

int workloads_behind(const struct world *world, const struct thing *service)
{
    const json_t *selector = jb_get(jb_get(service->now->tree, "spec"), "selector");
    int count = 0;

    for (const struct workload *workload = world->workloads; workload; workload = workload->next)
        for (const struct replica *replica = workload->replicas; replica; replica = replica->next)
            count += replica_serves(replica) && strcmp(replica->thing->namespace, service->namespace) == 0 &&
                     tree_selects(selector, replica->thing->now->tree);
    return count;
}

enum quality workload_quality(const struct world *world, const json_t *template)
{
    const json_t *containers = jb_get(jb_get(template, "spec"), "containers");
    const char *image = jb_get_str(json_array_get(containers, 0), "image"), *tag = strrchr(image, ':');
    int number = tag ? atoi(tag + 1) : 0;

    return number >= 0 && number < IMAGES ? world->qualities[number] : QUALITY_GOOD;
}

/* -- status ------------------------------------------------------------------------------------------------------- */

static json_t *condition(const char *type, bool status, const char *reason, const char *message)
{
    return OBJ({ "type", jb_str(type) },
               { "status", jb_str(status ? "True" : "False") },
               { "reason", jb_str(reason) },
               { "message", jb_str(message) });
}

static json_t *status_of(const struct world *world, const struct workload *workload)
{
    int live = workload_live(workload), ready = workload_ready(workload), wanted = workload_wanted(workload->thing);
    bool refused = world->server.quota && live < wanted;

    return OBJ(
        { "observedGeneration", jb_int(jb_get_int(tree_metadata(workload->thing->now->tree), "generation", 1)) },
        { "replicas", live ? jb_int(live) : NULL },
        { "updatedReplicas", live ? jb_int(live) : NULL },
        { "readyReplicas", ready ? jb_int(ready) : NULL },
        { "availableReplicas", ready ? jb_int(ready) : NULL },
        { "unavailableReplicas", wanted > ready ? jb_int(wanted - ready) : NULL },
        { "conditions",
          ARR(condition("Available", ready >= wanted, "MinimumReplicas", ""),
              refused ? condition("ReplicaFailure", true, "FailedCreate", "pods \"x\" is forbidden: exceeded quota")
                      : NULL) });
}

static void report(struct world *world, void *context)
{
    struct workload *workload = context;
    json_t *tree;

    workload->report_due = false;
    if (workload->thing->gone)
        return;
    world->server.acting = ACTOR_CLUSTER;
    tree = tree_edit(workload->thing->now->tree);
    jb_set(tree, "status", status_of(world, workload));
    server_replace(world, workload->thing, tree);
}

static void report_later(struct world *world, struct workload *workload)
{
    if (workload->report_due)
        return;
    workload->report_due = true;
    later(world, world->weather.report_within, report, workload);
}

static void take_sample(struct world *world, struct workload *workload)
{
    int available = workload_ready(workload);

    if (workload->sample_count && workload->samples[workload->sample_count - 1].available == available)
        return;
    grow(workload->samples, workload->sample_count, workload->sample_capacity);
    workload->samples[workload->sample_count++] = (struct sample){ world->now, available };
}

/* -- pods come and go --------------------------------------------------------------------------------------------- */

static void make_replica(struct world *world, struct workload *workload)
{
    const json_t *template = jb_get(jb_get(workload->thing->now->tree, "spec"), "template");
    const struct thing *deployment = workload->thing;
    json_t *tree =
        OBJ({ "apiVersion", jb_str("v1") },
            { "kind", jb_str("Pod") },
            { "metadata",
              OBJ({ "name", jb_fmt("%s-%u", deployment->name, workload->made++) },
                  { "namespace", jb_str(deployment->namespace) },
                  { "labels", json_incref((json_t *)jb_get(jb_get(template, "metadata"), "labels")) },
                  { "annotations", json_incref((json_t *)jb_get(jb_get(template, "metadata"), "annotations")) },
                  { "ownerReferences",
                    ARR(OBJ({ "apiVersion", jb_str("apps/v1") },
                            { "kind", jb_str("ReplicaSet") },
                            { "name", jb_str(deployment->name) },
                            { "uid", jb_str(workload->uid) },
                            { "controller", json_true() })) }) },
            { "spec", json_incref((json_t *)jb_get(template, "spec")) },
            { "status", OBJ({ "phase", jb_str("Pending") }) });
    struct replica *replica = xcalloc(1, sizeof(*replica));

    world->counters.pods++;
    *replica = (struct replica){ .next = workload->replicas, .workload = workload };
    replica->thing = server_insert(world, RESOURCE_PODS, tree);
    replica->thing->replica = replica;
    workload->replicas = replica;
    replica_begin(world, replica);
}

/* Pods that are not ready go first, then the newest. */
static void stop_replica(struct world *world, struct workload *workload)
{
    struct replica *chosen = NULL;

    for (struct replica *replica = workload->replicas; replica; replica = replica->next)
        if (!replica->thing->gone && !thing_is_deleting(replica->thing) &&
            (!chosen || (replica_serves(chosen) && !replica_serves(replica))))
            chosen = replica;
    if (chosen)
        deletion_begin(world, chosen->thing, PROPAGATION_BACKGROUND, -1);
}

static void step_later(struct world *world, struct workload *workload);

/* One pod more or less at a time. */
static void step(struct world *world, void *context)
{
    struct workload *workload = context;
    bool over = workload->thing->gone;
    int wanted = over ? 0 : workload_wanted(workload->thing), live = workload_live(workload);

    workload->step_due = false;
    world->server.acting = ACTOR_CLUSTER;
    if (live > wanted)
        stop_replica(world, workload);
    else if (live < wanted && !world->server.quota && server_namespace(world, workload->thing->namespace) &&
             !server_namespace(world, workload->thing->namespace)->terminating)
        make_replica(world, workload);
    take_sample(world, workload);
    report_later(world, workload);
    if (live != wanted)
        step_later(world, workload);
}

static void step_later(struct world *world, struct workload *workload)
{
    if (workload->step_due)
        return;
    workload->step_due = true;
    later(world, world->weather.scale_within + (world->server.quota ? RETRY_MS : 0), step, workload);
}

void workload_scale(struct world *world, struct thing *deployment, int replicas)
{
    json_t *tree = tree_edit(deployment->now->tree), *metadata = tree_part(tree, "metadata");

    jb_set(tree_part(tree, "spec"), "replicas", jb_int(replicas));
    jb_set(metadata, "generation", jb_int(jb_get_int(metadata, "generation", 1) + 1));
    server_replace(world, deployment, tree);
}

/* -- noticing ----------------------------------------------------------------------------------------------------- */

static void begin(struct world *world, struct thing *deployment)
{
    struct workload *workload = xcalloc(1, sizeof(*workload));

    *workload = (struct workload){ .next = world->workloads, .thing = deployment };
    snprintf(workload->uid, sizeof(workload->uid), "rs-%.24s", deployment->uid);
    deployment->workload = workload;
    world->workloads = workload;
    take_sample(world, workload);
}

void workloads_notice(struct world *world, struct thing *thing)
{
    if (thing->resource == RESOURCE_DEPLOYMENTS && !thing->workload)
        begin(world, thing);
    if (thing->workload)
        step_later(world, thing->workload);
    if (!thing->replica)
        return;
    take_sample(world, thing->replica->workload);
    report_later(world, thing->replica->workload);
    if (thing->gone || thing_is_deleting(thing))
        step_later(world, thing->replica->workload);
}

void workloads_finish(struct world *world)
{
    for (struct workload *workload = world->workloads, *next; workload; workload = next) {
        next = workload->next;
        for (struct replica *replica = workload->replicas, *after; replica; replica = after) {
            after = replica->next;
            free(replica);
        }
        free(workload->samples);
        free(workload);
    }
    world->workloads = NULL;
}
