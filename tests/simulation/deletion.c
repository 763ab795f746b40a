#include "deletion.h"

#include <string.h>

#include "kubelet.h"
#include "trees.h"
#include "workloads.h"
#include "world.h"

enum { DEFAULT_GRACE = 30, RETRY_MS = 2000 };

static const char foreground[] = "foregroundDeletion", orphan[] = "orphan";

enum propagation deletion_policy(const char *name)
{
    return strcmp(name, "Foreground") == 0 ? PROPAGATION_FOREGROUND
           : strcmp(name, "Orphan") == 0   ? PROPAGATION_ORPHAN
                                           : PROPAGATION_BACKGROUND;
}

/* -- DELETE ------------------------------------------------------------------------------------------------------- */

/* Pods that no kubelet has, or that have ended, need no grace; other kinds have none. */
static int64_t grace_of(const struct thing *thing, int64_t asked)
{
    const json_t *tree = thing->now->tree;
    const char *phase = jb_get_str(jb_get(tree, "status"), "phase");

    if (thing->resource != RESOURCE_PODS || !*jb_get_str(jb_get(tree, "spec"), "nodeName") ||
        strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0)
        return 0;
    return asked >= 0 ? asked : jb_get_int(jb_get(tree, "spec"), "terminationGracePeriodSeconds", DEFAULT_GRACE);
}

static void add_finalizer(json_t *metadata, const char *name)
{
    json_t *finalizers = json_array();

    if (jb_get(metadata, "finalizers"))
        json_array_extend(finalizers, (json_t *)jb_get(metadata, "finalizers"));
    if (!tree_array_has(finalizers, name))
        jb_append(finalizers, jb_str(name));
    jb_set(metadata, "finalizers", finalizers);
}

static void mark_deleted(struct world *world, const struct thing *thing, json_t *metadata, int64_t grace)
{
    char text[32];

    jb_set(metadata, "deletionTimestamp", jb_str(server_format_time(server_time(world) + grace, text)));
    jb_set(metadata, "deletionGracePeriodSeconds", jb_int(grace));
    if (resource_is_custom(thing->resource))
        jb_set(metadata, "generation", jb_int(jb_get_int(metadata, "generation", 0) + 1));
}

static void collect(struct world *world, void *context);

void deletion_begin(struct world *world, struct thing *thing, enum propagation policy, int64_t asked)
{
    json_t *tree = tree_edit(thing->now->tree), *metadata = tree_part(tree, "metadata");
    int64_t grace = grace_of(thing, asked), before = jb_get_int(metadata, "deletionGracePeriodSeconds", INT64_MAX);

    if (policy != PROPAGATION_BACKGROUND && !jb_get(metadata, "deletionTimestamp"))
        add_finalizer(metadata, policy == PROPAGATION_FOREGROUND ? foreground : orphan);
    if (!grace && !json_array_size(jb_get(metadata, "finalizers"))) {
        json_decref(tree);
        server_remove(world, thing);
        return;
    }
    if (grace < before)
        mark_deleted(world, thing, metadata, grace);
    server_replace(world, thing, tree);
    if (policy != PROPAGATION_BACKGROUND)
        agenda_add(&world->agenda, world->now + random_between(&world->random, 20, RETRY_MS), collect, thing);
    kubelet_deleting(world, thing);
    workloads_pod_deleting(world, thing);
}

/* -- the garbage collector ---------------------------------------------------------------------------------------- */

/* The uid of what owns a thing; "" when nothing does. */
static const char *owner_uid(const struct thing *thing)
{
    return jb_get_str(tree_controller(thing->now->tree), "uid");
}

static bool may_own(const struct thing *thing)
{
    return resource_is_custom(thing->resource) || thing->resource == RESOURCE_BATCH_JOBS;
}

/* One child of the owner that is still there, or NULL; *at goes on from call to call. */
static struct thing *next_child(const struct world *world, const struct thing *owner, enum resource *kind, size_t *at)
{
    for (; *kind <= RESOURCE_LAST_CHILD; (*kind)++, *at = 0)
        while (*at < world->server.counts[*kind]) {
            struct thing *thing = world->server.things[*kind][(*at)++];

            if (strcmp(owner_uid(thing), owner->uid) == 0)
                return thing;
        }
    return NULL;
}

static bool delete_children(struct world *world, const struct thing *owner)
{
    enum resource kind = RESOURCE_PODS;
    struct thing *child;
    size_t at = 0;
    bool any = false;

    while ((child = next_child(world, owner, &kind, &at))) {
        any = true;
        if (thing_is_deleting(child))
            continue;
        deletion_begin(world, child, PROPAGATION_BACKGROUND, -1);
        at = 0; /* the array may have moved */
    }
    return any;
}

static void let_children_go(struct world *world, const struct thing *owner)
{
    enum resource kind = RESOURCE_PODS;
    struct thing *child;
    size_t at = 0;

    while ((child = next_child(world, owner, &kind, &at))) {
        json_t *tree = tree_edit(child->now->tree);

        jb_set(tree_part(tree, "metadata"), "ownerReferences", NULL);
        server_replace(world, child, tree);
        at = 0;
    }
}

static void drop_finalizer(struct world *world, struct thing *thing, const char *name)
{
    json_t *tree = tree_edit(thing->now->tree), *metadata = tree_part(tree, "metadata");

    jb_set(metadata, "finalizers", tree_array_without(jb_get(metadata, "finalizers"), name));
    server_replace(world, thing, tree);
}

/* An owner that waits for the collector, or one that is gone. */
static void collect(struct world *world, void *context)
{
    struct thing *owner = context;
    const json_t *finalizers = jb_get(tree_metadata(owner->now->tree), "finalizers");

    world->server.acting = ACTOR_CLUSTER;
    if (owner->gone) {
        delete_children(world, owner);
        return;
    }
    if (tree_array_has(finalizers, orphan)) {
        let_children_go(world, owner);
        drop_finalizer(world, owner, orphan);
    } else if (tree_array_has(finalizers, foreground)) {
        if (delete_children(world, owner))
            agenda_add(&world->agenda, world->now + RETRY_MS, collect, owner);
        else
            drop_finalizer(world, owner, foreground);
    }
}

void deletion_removed(struct world *world, struct thing *thing)
{
    if (may_own(thing))
        agenda_add(&world->agenda, world->now + random_spread(&world->random, 20, 20000), collect, thing);
}

/* A child that was made for an owner that is not there goes as well. */
static void check_owner(struct world *world, void *context)
{
    struct thing *child = context;

    world->server.acting = ACTOR_CLUSTER;
    if (!child->gone && *owner_uid(child) && !thing_is_deleting(child) && !server_owner(world, child->now->tree))
        deletion_begin(world, child, PROPAGATION_BACKGROUND, -1);
}

void deletion_added(struct world *world, struct thing *thing)
{
    if (*owner_uid(thing) && strcmp(jb_get_str(tree_controller(thing->now->tree), "kind"), "ReplicaSet") != 0)
        agenda_add(&world->agenda, world->now + random_spread(&world->random, 1000, 20000), check_owner, thing);
}

/* -- namespaces --------------------------------------------------------------------------------------------------- */

static bool empty_namespace(struct world *world, const struct namespace *namespace)
{
    bool any = false;

    for (enum resource kind = 0; kind < RESOURCE_COUNT; kind++)
        for (size_t i = world->server.counts[kind]; i-- > 0;) {
            struct thing *thing = world->server.things[kind][i];

            if (strcmp(thing->namespace, namespace->name) != 0)
                continue;
            any = true;
            if (!thing_is_deleting(thing))
                deletion_begin(world, thing, PROPAGATION_BACKGROUND, -1);
        }
    return any;
}

static void sweep_namespace(struct world *world, void *context)
{
    struct namespace *namespace = context;

    world->server.acting = ACTOR_CLUSTER;
    namespace->gone = !empty_namespace(world, namespace);
    if (!namespace->gone)
        agenda_add(&world->agenda, world->now + RETRY_MS, sweep_namespace, namespace);
}

void deletion_of_namespace(struct world *world, struct namespace *namespace)
{
    if (namespace->terminating)
        return;
    namespace->terminating = true;
    agenda_add(&world->agenda, world->now + random_spread(&world->random, 20, 5000), sweep_namespace, namespace);
}
