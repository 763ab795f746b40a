#include "people.h"

#include <stdio.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "../../operator/model/object.h"
#include "deletion.h"
#include "kubelet.h"
#include "requests.h"
#include "serving_people.h"
#include "trees.h"
#include "wishes.h"
#include "world.h"

static const char jobs_path[] = "/apis/kitae.dev/v1alpha1/namespaces/%s/trainingjobs";

static bool chance(struct world *world, unsigned per_mille)
{
    return random_chance(&world->random, per_mille);
}

/* -- making jobs -------------------------------------------------------------------------------------------------- */

static const char *some_namespace(struct world *world)
{
    return world->server.namespaces[random_below(&world->random, 2)].name;
}

/* An object that takes a name the job will want. It may even look as if it were ours. */
static void take_name(struct world *world, const char *namespace, const char *name)
{
    bool is_pod = chance(world, 700);
    char path[256], child[64];
    struct thing *thing;
    int status;

    snprintf(child, sizeof(child), is_pod ? "%s-worker-%d" : "%s-hosts", name, (int)random_below(&world->random, 3));
    snprintf(path, sizeof(path), "/api/v1/namespaces/%s/%s", namespace, is_pod ? "pods" : "services");
    status = person_asks(
        world,
        HTTP_POST,
        "application/json",
        OBJ({ "metadata",
              OBJ({ "name", jb_str(child) },
                  { "labels", chance(world, 300) ? OBJ({ LABEL_MANAGED_BY, jb_str(LABEL_MANAGED_BY_VALUE) }) : NULL },
                  { "ownerReferences",
                    chance(world, 300) ? ARR(OBJ({ "apiVersion", jb_str("apps/v1") },
                                                 { "kind", jb_str("ReplicaSet") },
                                                 { "name", jb_str("other") },
                                                 { "uid", jb_str("uid-other") },
                                                 { "controller", json_true() }))
                                       : NULL }) },
            { "spec", OBJ({ "note", jb_str("a stranger's") }) }),
        "%s",
        path);
    thing = server_find(world, is_pod ? RESOURCE_PODS : RESOURCE_SERVICES, namespace, child);
    if (status == 201 && thing)
        thing->as_made = xstrdup(snapshot_text(thing->now));
}

static void make_job(struct world *world, void *context)
{
    const char *namespace = some_namespace(world);
    char name[32];

    (void)context;
    snprintf(name, sizeof(name), "job%u", world->people_made++);
    if (world->calm)
        return;
    if (chance(world, 60))
        take_name(world, namespace, name);
    if (person_asks(world, HTTP_POST, "application/json", wish_job(world, name), jobs_path, namespace) == 201)
        world->counters.jobs++;
}

/* set0, set1, model0 or model1, where it is not there yet. */
static void make_versioned(struct world *world)
{
    bool is_model = chance(world, 500);
    char name[16];

    if (!world->weather.data)
        return;
    snprintf(name, sizeof(name), "%s%d", is_model ? "model" : "set", (int)random_below(&world->random, 2));
    person_asks(world,
                HTTP_POST,
                "application/json",
                is_model ? wish_model(world, name) : wish_data_set(world, name),
                "/apis/kitae.dev/v1alpha1/namespaces/%s/%s",
                some_namespace(world),
                is_model ? "models" : "datasets");
}

static void make_versioned_later(struct world *world, void *context)
{
    (void)context;
    if (!world->calm)
        make_versioned(world);
}

void people_begin(struct world *world)
{
    serving_people_begin(world);
    for (unsigned i = 0; i < 12; i++)
        agenda_add(&world->agenda,
                   random_between(&world->random, 0, world->weather.busy_for * 2 / 3),
                   make_versioned_later,
                   NULL);
    for (unsigned i = 0; i < world->weather.jobs; i++)
        agenda_add(&world->agenda, random_between(&world->random, 0, world->weather.busy_for * 2 / 3), make_job, NULL);
}

/* -- choosing ----------------------------------------------------------------------------------------------------- */

static struct thing *some(struct world *world, enum resource resource)
{
    size_t count = world->server.counts[resource];
    struct thing *thing = count ? world->server.things[resource][random_below(&world->random, count)] : NULL;

    return thing && !thing->as_made ? thing : NULL;
}

/* -- unkind things ------------------------------------------------------------------------------------------------ */

static const char *some_policy(struct world *world)
{
    static const char *const policies[] = { "Background", "Background", "Foreground", "Orphan" };

    return policies[random_below(&world->random, 4)];
}

static void delete_job(struct world *world)
{
    struct thing *thing = some(world, RESOURCE_JOBS);

    if (thing)
        person_deletes(world, thing, some_policy(world), NULL);
}

/* A new job under the name of one that was just deleted, as soon as the server lets it in. */
static void make_again(struct world *world, void *context)
{
    struct thing *old = context;
    int status =
        person_asks(world, HTTP_POST, "application/json", wish_job(world, old->name), jobs_path, old->namespace);

    if (status == 201)
        world->counters.jobs++;
    else if (status == 409 && !world->calm)
        agenda_add(&world->agenda, world->now + random_between(&world->random, 100, 5000), make_again, old);
}

static void replace_job(struct world *world)
{
    struct thing *thing = some(world, RESOURCE_JOBS);

    if (!thing)
        return;
    person_deletes(world, thing, chance(world, 700) ? "Background" : "Foreground", NULL);
    make_again(world, thing);
}

static void resume(struct world *world, void *context)
{
    struct thing *thing = context;

    if (!thing->gone)
        person_patches(world, thing, OBJ({ "spec", OBJ({ "suspend", json_false() }) }));
}

/* Most are resumed, some before their pods have stopped, and some with another template. */
static void suspend_job(struct world *world)
{
    struct thing *thing = some(world, RESOURCE_JOBS);

    if (!thing)
        return;
    person_patches(world, thing, OBJ({ "spec", OBJ({ "suspend", json_true() }) }));
    if (!thing->gone && chance(world, 300))
        person_patches(world, thing, OBJ({ "spec", OBJ({ "template", wish_template(world) }) }));
    if (chance(world, 700))
        agenda_add(&world->agenda, world->now + random_between(&world->random, 10, 60000), resume, thing);
}

static void edit_job(struct world *world)
{
    struct thing *thing = some(world, RESOURCE_JOBS);

    if (!thing)
        return;
    switch (random_below(&world->random, 5)) {
    case 0:
        person_patches(
            world,
            thing,
            OBJ({ "spec",
                  OBJ({ "progress", OBJ({ "stallSeconds", jb_int(random_between(&world->random, 100, 200)) }) }) }));
        break;
    case 1:
        person_patches(world, thing, OBJ({ "spec", OBJ({ "progress", json_null() }) }));
        break;
    case 2:
        person_patches(
            world,
            thing,
            OBJ({ "spec", OBJ({ "roles", ARR(wish_role(world, "worker", world->weather.pods_at_most, NULL)) }) }));
        break;
    case 3:
        person_patches(world, thing, OBJ({ "spec", OBJ({ "template", wish_template(world) }) }));
        break;
    default:
        person_patches(
            world,
            thing,
            OBJ({ "metadata",
                  OBJ({ "annotations", OBJ({ "kitae.dev/requested-at", jb_fmt("%d", (int)world->now) }) }) }));
        break;
    }
}

static void relabel_job(struct world *world)
{
    struct thing *thing = some(world, RESOURCE_JOBS);

    if (thing)
        person_patches(
            world,
            thing,
            OBJ({ "metadata", OBJ({ "labels", OBJ({ "team", chance(world, 500) ? jb_str("ml") : json_null() }) }) }));
}

static void delete_child(struct world *world)
{
    struct thing *thing = some(world,
                               chance(world, 800)   ? RESOURCE_PODS
                               : chance(world, 700) ? RESOURCE_SERVICES
                               : chance(world, 500) ? RESOURCE_SECRETS
                                                    : RESOURCE_CLAIMS);

    if (thing)
        person_deletes(world, thing, "Background", chance(world, 150) ? jb_int(0) : NULL);
}

static void drain(struct world *world)
{
    struct thing *thing = some(world, RESOURCE_PODS);

    if (thing)
        kubelet_disrupt(world, thing);
}

/* What is done to those is elsewhere. */
static bool is_of_endpoint(const struct world *world, const struct thing *thing)
{
    const struct thing *owner = server_owner(world, thing->now->tree);

    return thing->replica || (owner && owner->resource == RESOURCE_ENDPOINTS);
}

/* Takes labels off a child: the one by which it is watched, or that of its owner. */
static void unlabel_child(struct world *world)
{
    struct thing *thing = some(world, chance(world, 800) ? RESOURCE_PODS : RESOURCE_SERVICES);
    bool owner_too = chance(world, 200);

    if (!thing || is_of_endpoint(world, thing))
        return;
    if (thing->life)
        thing->life->was_invisible = true;
    person_patches(
        world,
        thing,
        OBJ({ "metadata",
              OBJ({ "labels",
                    OBJ({ LABEL_MANAGED_BY, json_null() }, { LABEL_OWNER_UID, owner_too ? json_null() : NULL }) }) }));
}

static void hold(struct world *world)
{
    struct thing *thing = some(world, chance(world, 500) ? RESOURCE_PODS : RESOURCE_JOBS);
    const json_t *finalizers = thing ? jb_get(tree_metadata(thing->now->tree), "finalizers") : NULL;
    json_t *more = json_array();

    if (thing && !thing_is_deleting(thing)) {
        if (finalizers)
            json_array_extend(more, (json_t *)finalizers);
        jb_append(more, jb_str(FINALIZER_HELD));
        person_patches(world, thing, OBJ({ "metadata", OBJ({ "finalizers", json_incref(more) }) }));
    }
    json_decref(more);
}

static void take_finalizer(struct world *world, struct thing *thing, const char *name)
{
    json_t *left = tree_array_without(jb_get(tree_metadata(thing->now->tree), "finalizers"), name);

    person_patches(world, thing, OBJ({ "metadata", OBJ({ "finalizers", left ? left : json_null() }) }));
}

/* `kitae release`, or an impatient person, and then the pod goes: its outcome is lost. */
static void strip_and_delete(struct world *world)
{
    struct thing *thing = some(world, RESOURCE_PODS);

    if (!thing)
        return;
    if (thing->life)
        thing->life->stripped = true;
    take_finalizer(world, thing, FINALIZER_RECORD);
    if (!thing->gone)
        person_deletes(world, thing, "Background", jb_int(0));
}

static void change_service(struct world *world)
{
    struct thing *thing = some(world, RESOURCE_SERVICES);

    if (thing && !is_of_endpoint(world, thing))
        person_patches(world, thing, OBJ({ "spec", OBJ({ "clusterIP", jb_str("10.0.0.1") }) }));
}

static void delete_namespace(struct world *world)
{
    struct namespace *namespace = server_namespace(world, some_namespace(world));

    world_trace(world, "a person: deletes namespace %s", namespace->name);
    deletion_of_namespace(world, namespace);
}

static struct thing *some_versioned(struct world *world)
{
    return some(world, chance(world, 500) ? RESOURCE_DATA_SETS : RESOURCE_MODELS);
}

static void ask_for_sync(struct world *world)
{
    struct thing *thing = some(world, RESOURCE_DATA_SETS);

    if (thing)
        person_patches(
            world,
            thing,
            OBJ({ "metadata", OBJ({ "annotations", OBJ({ ANNOTATION_REQUESTED, jb_fmt("%d", (int)world->now) }) }) }));
}

static void edit_versioned(struct world *world)
{
    struct thing *thing = some_versioned(world);
    json_t *retention = thing ? wish_retention(world) : NULL;

    if (thing)
        person_patches(world, thing, OBJ({ "spec", OBJ({ "retention", retention ? retention : json_null() }) }));
}

static void delete_versioned(struct world *world)
{
    struct thing *thing = some_versioned(world);

    if (thing)
        person_deletes(world, thing, chance(world, 700) ? "Background" : "Foreground", NULL);
}

static void delete_run(struct world *world)
{
    struct thing *thing = some(world, RESOURCE_BATCH_JOBS);

    if (thing)
        person_deletes(world, thing, "Background", NULL);
}

struct meddling {
    void (*act)(struct world *world);
    unsigned weight;
};

void people_meddle(struct world *world)
{
    static const struct meddling all[] = {
        { edit_job, 16 },        { suspend_job, 14 },   { delete_child, 20 },  { delete_job, 8 },
        { replace_job, 8 },      { drain, 8 },          { unlabel_child, 10 }, { hold, 6 },
        { strip_and_delete, 4 }, { relabel_job, 4 },    { change_service, 4 }, { delete_namespace, 1 },
        { ask_for_sync, 30 },    { edit_versioned, 8 }, { make_versioned, 8 }, { delete_versioned, 4 },
        { delete_run, 4 },
    };
    int64_t at = (int64_t)random_below(&world->random, world->weather.data ? 157 : 103);

    world->counters.meddlings++;
    if (world->weather.endpoints && chance(world, 700)) {
        serving_people_meddle(world);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        at -= all[i].weight;
        if (at < 0) {
            all[i].act(world);
            return;
        }
    }
}

/* -- the calm ----------------------------------------------------------------------------------------------------- */

void people_let_go(struct world *world)
{
    serving_people_let_go(world);
    for (enum resource resource = RESOURCE_JOBS; resource <= RESOURCE_SERVICES; resource++)
        for (size_t i = world->server.counts[resource]; i-- > 0;) {
            struct thing *thing = world->server.things[resource][i];

            if (tree_array_has(jb_get(tree_metadata(thing->now->tree), "finalizers"), FINALIZER_HELD))
                take_finalizer(world, thing, FINALIZER_HELD);
        }
}
