/* Invariants on what the operator writes into the status of a ServingEndpoint, and of the Models that it serves. */

#include <string.h>

#include "../../controllers/servingendpoint/servingendpoint_fields.h"
#include "../../operator/model/object.h"
#include "gateway.h"
#include "rollouts.h"
#include "serving_facts.h"
#include "stores.h"
#include "trees.h"
#include "workloads.h"
#include "world.h"

enum { SCHEMA_EVERY = 16 }; /* the full check is slow: one history in so many has it */

static const json_t *status_of(const struct snapshot *snapshot)
{
    return jb_get(snapshot->tree, "status");
}

/*
 * kserve#1968 and #2130: a pointer that followed a history of percentages came to stand on the wrong old revision. A
 * revision becomes the stable one when it has been given all traffic, and its pods can take it.
 */
static void stable_is_earned(struct world *world, const struct change *change)
{
    const char *before = status_stable(change->before->tree), *after = status_stable(change->after->tree);
    const struct thing *endpoint = change->thing;
    const struct traffic *traffic = gateway_traffic(world, endpoint->namespace, endpoint->name);

    if (strcmp(before, after) == 0)
        return;
    if (!revision_had(world, endpoint, after, 1))
        BROKEN(world, "%s is stable now, and has no ready pods", after);
    if (*before && traffic && traffic->accepted.count && table_percent(&traffic->accepted, after) != 100)
        BROKEN(world, "%s is stable now, with %d %% of the traffic", after, table_percent(&traffic->accepted, after));
}

/* argo-rollouts#3372, PR#4612: what a rollback ends at is what was before, with all the traffic. */
static void rollback_restores(struct world *world, const struct change *change)
{
    const json_t *before = jb_get(status_of(change->before), "lastRollout");
    const json_t *after = jb_get(status_of(change->after), "lastRollout");
    const char *revision = jb_get_str(after, "revision"), *stable = status_stable(change->after->tree);
    const struct thing *endpoint = change->thing;
    const struct traffic *traffic = gateway_traffic(world, endpoint->namespace, endpoint->name);

    if (json_equal((json_t *)before, (json_t *)after) || strcmp(jb_get_str(after, "result"), "RolledBack") != 0)
        return;
    if (strcmp(stable, status_stable(change->before->tree)) != 0 || strcmp(stable, revision) == 0)
        BROKEN(world, "the rollout of %s was taken back, and %s is stable", revision, stable);
    if (traffic && *stable && table_percent(&traffic->accepted, revision))
        BROKEN(world, "the rollout of %s has ended, and it has traffic", revision);
}

static void count(struct world *world, const struct change *change)
{
    const json_t *before = jb_get(status_of(change->before), "lastRollout");
    const json_t *after = jb_get(status_of(change->after), "lastRollout");

    if (json_equal((json_t *)before, (json_t *)after))
        return;
    world->counters.promotions += strcmp(jb_get_str(after, "result"), "Promoted") == 0;
    world->counters.rollbacks += strcmp(jb_get_str(after, "result"), "RolledBack") == 0;
}

/* One that ends and one that begins can be said in one write; one that stands in goes on with what began. */
static bool begins(const struct change *change)
{
    const json_t *before = jb_get(status_of(change->before), "candidate");
    const json_t *after = jb_get(status_of(change->after), "candidate");

    return after && (strcmp(jb_get_str(before, "revision"), jb_get_str(after, "revision")) != 0 ||
                     strcmp(jb_get_str(before, "startTime"), jb_get_str(after, "startTime")) != 0);
}

static void rejected_stay_out(struct world *world, const struct change *change)
{
    const char *candidate = status_candidate(change->after->tree);
    const json_t *entry = status_rejection(change->before->tree, candidate);
    const json_t *annotations = jb_get(tree_metadata(change->after->tree), "annotations");

    if (!begins(change) || !entry)
        return;
    if (strcmp(jb_get_str(annotations, ANNOTATION_REQUESTED), jb_get_str(entry, "requestedAt")) == 0)
        BROKEN(world, "%s is tried again, and was rejected", candidate);
}

/* -- Models ------------------------------------------------------------------------------------------------------- */

static bool is_marked(const json_t *status, const char *digest)
{
    const json_t *versions = jb_get(status, "versions");

    for (size_t i = 0; i < json_array_size(versions); i++)
        if (strcmp(jb_get_str(json_array_get(versions, i), "digest"), digest) == 0)
            return json_is_true(jb_get(json_array_get(versions, i), "removing"));
    return false;
}

/* A pod that comes up tomorrow must find what it serves. */
static void served_versions_stay(struct world *world, const struct thing *model, const char *digest)
{
    for (const struct workload *workload = world->workloads; workload; workload = workload->next)
        if (!workload->thing->gone && !thing_is_deleting(workload->thing) && endpoint_of(world, workload->thing) &&
            strcmp(workload->thing->namespace, model->namespace) == 0 &&
            stores_serves(jb_get(jb_get(workload->thing->now->tree, "spec"), "template"), model->name, digest))
            BROKEN(
                world, "a version of %s is marked to be removed, and %s serves it", model->name, workload->thing->name);
}

static void check_model(struct world *world, const struct change *change)
{
    const json_t *versions = jb_get(status_of(change->after), "versions");

    for (size_t i = 0; i < json_array_size(versions); i++) {
        const char *digest = jb_get_str(json_array_get(versions, i), "digest");

        if (is_marked(status_of(change->after), digest) && !is_marked(status_of(change->before), digest))
            served_versions_stay(world, change->thing, digest);
    }
}

static void trace_status(struct world *world, const struct change *change)
{
    const json_t *status = status_of(change->after), *candidate = jb_get(status, "candidate");

    world_trace(world,
                "    %s: %s; stable %s; candidate %s %s %d %%: %.240s",
                change->thing->name,
                jb_get_str(status, "phase"),
                status_stable(change->after->tree),
                status_candidate(change->after->tree),
                jb_get_str(candidate, "state"),
                (int)jb_get_int(candidate, "trafficPercent", 0),
                jb_get_str(status, "message"));
}

/* -- the schema --------------------------------------------------------------------------------------------------- */

static void status_fits_schema(void *context, const char *path, const char *problem)
{
    struct world *world = context;

    BROKEN(world, "%s: %s", path, problem);
}

static void check_schema(struct world *world, const json_t *status)
{
    json_auto_t *copy = jb_copy(status);

    fields_check(&servingendpoint_status_type, "status", copy, status_fits_schema, world);
}

void rollout_status_on_change(struct world *world, const struct change *change)
{
    if (change->thing->resource == RESOURCE_MODELS)
        check_model(world, change);
    if (change->thing->resource != RESOURCE_ENDPOINTS || thing_is_deleting(change->thing))
        return;
    trace_status(world, change);
    count(world, change);
    stable_is_earned(world, change);
    rollback_restores(world, change);
    rejected_stay_out(world, change);
    if (world->seed % SCHEMA_EVERY == 0)
        check_schema(world, status_of(change->after));
}
