#include "server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../operator/base/memory.h"
#include "autoscaler.h"
#include "deletion.h"
#include "gateway.h"
#include "invariants.h"
#include "kubelet.h"
#include "stores.h"
#include "streams.h"
#include "trees.h"
#include "verbs.h"
#include "workloads.h"
#include "world.h"

enum { EPOCH = 1795000000 }; /* November 2026 */

#define GATEWAY_API "gateway.networking.k8s.io/v1", "/apis/gateway.networking.k8s.io/v1"

static const struct resource_info infos[RESOURCE_COUNT] = {
    [RESOURCE_JOBS] = { "TrainingJob", "kitae.dev/v1alpha1", "/apis/kitae.dev/v1alpha1", "trainingjobs" },
    [RESOURCE_PODS] = { "Pod", "v1", "/api/v1", "pods" },
    [RESOURCE_SERVICES] = { "Service", "v1", "/api/v1", "services" },
    [RESOURCE_SECRETS] = { "Secret", "v1", "/api/v1", "secrets" },
    [RESOURCE_CLAIMS] = { "PersistentVolumeClaim", "v1", "/api/v1", "persistentvolumeclaims" },
    [RESOURCE_EVENTS] = { "Event", "events.k8s.io/v1", "/apis/events.k8s.io/v1", "events" },
    [RESOURCE_LEASES] = { "Lease", "coordination.k8s.io/v1", "/apis/coordination.k8s.io/v1", "leases" },
    [RESOURCE_DATA_SETS] = { "DataSet", "kitae.dev/v1alpha1", "/apis/kitae.dev/v1alpha1", "datasets" },
    [RESOURCE_MODELS] = { "Model", "kitae.dev/v1alpha1", "/apis/kitae.dev/v1alpha1", "models" },
    [RESOURCE_BATCH_JOBS] = { "Job", "batch/v1", "/apis/batch/v1", "jobs" },
    [RESOURCE_DEPLOYMENTS] = { "Deployment", "apps/v1", "/apis/apps/v1", "deployments" },
    [RESOURCE_AUTOSCALERS] = { "HorizontalPodAutoscaler",
                               "autoscaling/v2",
                               "/apis/autoscaling/v2",
                               "horizontalpodautoscalers" },
    [RESOURCE_BUDGETS] = { "PodDisruptionBudget", "policy/v1", "/apis/policy/v1", "poddisruptionbudgets" },
    [RESOURCE_HTTP_ROUTES] = { "HTTPRoute", GATEWAY_API, "httproutes" },
    [RESOURCE_GRPC_ROUTES] = { "GRPCRoute", GATEWAY_API, "grpcroutes" },
    [RESOURCE_ENDPOINTS] = { "ServingEndpoint", "kitae.dev/v1alpha1", "/apis/kitae.dev/v1alpha1", "servingendpoints" },
    [RESOURCE_GATEWAYS] = { "Gateway", GATEWAY_API, "gateways" },
    [RESOURCE_CRON_JOBS] = { "CronJob", "batch/v1", "/apis/batch/v1", "cronjobs" },
};

const struct resource_info *resource_info(enum resource resource)
{
    return &infos[resource];
}

bool resource_is_custom(enum resource resource)
{
    return resource == RESOURCE_JOBS || resource == RESOURCE_DATA_SETS || resource == RESOURCE_MODELS ||
           resource == RESOURCE_ENDPOINTS;
}

bool resource_is_of_gateways(enum resource resource)
{
    return resource == RESOURCE_HTTP_ROUTES || resource == RESOURCE_GRPC_ROUTES || resource == RESOURCE_GATEWAYS;
}

bool resource_counts_generation(enum resource resource)
{
    return resource_is_custom(resource) || resource_is_of_gateways(resource) || resource == RESOURCE_DEPLOYMENTS ||
           resource == RESOURCE_BUDGETS;
}

/* -- snapshots ---------------------------------------------------------------------------------------------------- */

const char *snapshot_text(struct snapshot *snapshot)
{
    if (!snapshot->text)
        snapshot->text = jb_dump(snapshot->tree, false);
    return snapshot->text;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    snapshot->references++;
    return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
    if (!snapshot || --snapshot->references)
        return;
    json_decref(snapshot->tree);
    free(snapshot->text);
    free(snapshot);
}

/* -- looking ------------------------------------------------------------------------------------------------------ */

struct thing *server_find(const struct world *world, enum resource resource, const char *namespace, const char *name)
{
    const struct server *server = &world->server;

    for (size_t i = 0; i < server->counts[resource]; i++) {
        struct thing *thing = server->things[resource][i];

        if (strcmp(thing->name, name) == 0 && strcmp(thing->namespace, namespace) == 0)
            return thing;
    }
    return NULL;
}

struct thing *server_find_uid(const struct world *world, enum resource resource, const char *uid)
{
    const struct server *server = &world->server;

    for (size_t i = 0; i < server->counts[resource]; i++)
        if (strcmp(server->things[resource][i]->uid, uid) == 0)
            return server->things[resource][i];
    return NULL;
}

struct thing *server_owner(const struct world *world, const json_t *child)
{
    const json_t *owner = tree_controller(child);

    for (enum resource resource = 0; resource < RESOURCE_COUNT; resource++)
        if (strcmp(jb_get_str(owner, "kind"), infos[resource].kind) == 0)
            return server_find_uid(world, resource, jb_get_str(owner, "uid"));
    return NULL;
}

struct namespace *server_namespace(struct world *world, const char *name)
{
    for (size_t i = 0; i < NAMESPACES; i++)
        if (strcmp(world->server.namespaces[i].name, name) == 0)
            return &world->server.namespaces[i];
    return NULL;
}

bool thing_is_deleting(const struct thing *thing)
{
    return jb_get(tree_metadata(thing->now->tree), "deletionTimestamp");
}

int64_t server_time(const struct world *world)
{
    return EPOCH + world->now / 1000;
}

const char *server_format_time(int64_t seconds, char text[32])
{
    time_t when = (time_t)seconds;
    struct tm tm;

    gmtime_r(&when, &tm);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return text;
}

/* -- changing ----------------------------------------------------------------------------------------------------- */

static void log_change(struct world *world, struct thing *thing, struct snapshot *before, bool removed)
{
    struct server *server = &world->server;

    grow(server->changes, server->change_count, server->change_capacity);
    server->changes[server->change_count++] = (struct change){ .thing = thing,
                                                               .at = world->now,
                                                               .version = thing->now->version,
                                                               .before = before,
                                                               .after = snapshot_ref(thing->now),
                                                               .removed = removed };
}

/* Every change of anything goes through here. The rest of the cluster uses up versions too. */
static void commit(struct world *world, struct thing *thing, json_t *take_tree, bool removed)
{
    struct server *server = &world->server;
    struct snapshot *before = thing->now, *after = xcalloc(1, sizeof(*after));

    server->version += 1 + random_below(&world->random, 3);
    jb_set(tree_part(take_tree, "metadata"), "resourceVersion", jb_fmt("%" PRIu64, server->version));
    *after = (struct snapshot){ .references = 1, .version = server->version, .tree = take_tree };
    thing->now = after;
    thing->gone = removed;
    log_change(world, thing, before, removed);
    if (thing->resource != RESOURCE_LEASES || world->trace.printed)
        world_trace(world,
                    "  %s %s/%s at %" PRIu64,
                    removed  ? "removed"
                    : before ? "changed"
                             : "added",
                    infos[thing->resource].plural,
                    thing->name,
                    server->version);
    invariants_on_change(world, &server->changes[server->change_count - 1]);
    streams_notice(world, thing->resource);
    workloads_notice(world, thing);
    autoscaler_notice(world, thing);
    gateway_notice(world, thing);
}

struct thing *server_insert(struct world *world, enum resource resource, json_t *take_tree)
{
    struct server *server = &world->server;
    struct thing *thing = xcalloc(1, sizeof(*thing));
    json_t *metadata = tree_part(take_tree, "metadata");
    char text[32];

    jb_set(metadata, "uid", jb_fmt("uid-%u", ++server->last_uid));
    jb_set(metadata, "creationTimestamp", jb_str(server_format_time(server_time(world), text)));
    jb_set(metadata, "generation", jb_int(1));
    *thing = (struct thing){ .next = server->all,
                             .resource = resource,
                             .namespace = xstrdup(jb_get_str(metadata, "namespace")),
                             .name = xstrdup(jb_get_str(metadata, "name")),
                             .uid = xstrdup(jb_get_str(metadata, "uid")) };
    server->all = thing;
    grow(server->things[resource], server->counts[resource], server->capacities[resource]);
    server->things[resource][server->counts[resource]++] = thing;
    commit(world, thing, take_tree, false);
    kubelet_added(world, thing);
    stores_added(world, thing);
    deletion_added(world, thing);
    return thing;
}

static bool nothing_holds(const json_t *tree)
{
    const json_t *metadata = tree_metadata(tree);

    return jb_get(metadata, "deletionTimestamp") && !json_array_size(jb_get(metadata, "finalizers")) &&
           jb_get_int(metadata, "deletionGracePeriodSeconds", 0) == 0;
}

static void take_out(struct server *server, struct thing *thing)
{
    struct thing **things = server->things[thing->resource];
    size_t *count = &server->counts[thing->resource], at = 0;

    while (things[at] != thing)
        at++;
    memmove(&things[at], &things[at + 1], (--*count - at) * sizeof(struct thing *));
}

static void remove_as(struct world *world, struct thing *thing, json_t *take_tree)
{
    take_out(&world->server, thing);
    commit(world, thing, take_tree, true);
    deletion_removed(world, thing);
}

void server_replace(struct world *world, struct thing *thing, json_t *take_tree)
{
    if (nothing_holds(take_tree))
        remove_as(world, thing, take_tree);
    else if (json_equal(thing->now->tree, take_tree))
        json_decref(take_tree);
    else
        commit(world, thing, take_tree, false);
}

void server_remove(struct world *world, struct thing *thing)
{
    remove_as(world, thing, tree_edit(thing->now->tree));
}

/* -- beginning and end -------------------------------------------------------------------------------------------- */

void server_init(struct world *world)
{
    struct server *server = &world->server;

    *server = (struct server){ .version = 1000 + random_below(&world->random, 100000),
                               .namespaces = { { "red" }, { "blue" }, { "kitae-system" } } };
}

static void free_thing(struct thing *thing)
{
    snapshot_unref(thing->now);
    free(thing->namespace);
    free(thing->name);
    free(thing->uid);
    free(thing->as_made);
    free(thing);
}

void server_finish(struct world *world)
{
    struct server *server = &world->server;

    for (size_t i = 0; i < server->change_count; i++) {
        snapshot_unref(server->changes[i].before);
        snapshot_unref(server->changes[i].after);
    }
    for (struct thing *thing = server->all, *next; thing; thing = next) {
        next = thing->next;
        free_thing(thing);
    }
    for (enum resource resource = 0; resource < RESOURCE_COUNT; resource++)
        free(server->things[resource]);
    verbs_forget_pages(world);
    free(server->changes);
    *server = (struct server){ 0 };
}
