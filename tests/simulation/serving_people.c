#include "serving_people.h"

#include <stdio.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "../../operator/model/object.h"
#include "requests.h"
#include "serving_wishes.h"
#include "trees.h"
#include "world.h"

static const char endpoints_path[] = "/apis/kitae.dev/v1alpha1/namespaces/%s/servingendpoints";

static bool chance(struct world *world, unsigned per_mille)
{
    return random_chance(&world->random, per_mille);
}

static struct thing *some_of(struct world *world, enum resource resource)
{
    size_t count = world->server.counts[resource];

    return count ? world->server.things[resource][random_below(&world->random, count)] : NULL;
}

static struct thing *some_endpoint(struct world *world)
{
    return some_of(world, RESOURCE_ENDPOINTS);
}

/* -- they come and go --------------------------------------------------------------------------------------------- */

static void make(struct world *world, const char *namespace, const char *name)
{
    person_asks(world, HTTP_POST, "application/json", wish_endpoint(world, namespace, name), endpoints_path, namespace);
}

static void make_endpoint(struct world *world, void *context)
{
    char name[32];

    (void)context;
    snprintf(name, sizeof(name), "serve%u", world->people_made++);
    if (!world->calm)
        make(world, world->server.namespaces[random_below(&world->random, 2)].name, name);
}

void serving_people_begin(struct world *world)
{
    for (unsigned i = 0; i < world->weather.endpoints; i++)
        agenda_add(&world->agenda, random_between(&world->random, 0, world->weather.busy_for / 3), make_endpoint, NULL);
}

static void make_again(struct world *world, void *context)
{
    const struct thing *old = context;

    if (!world->calm)
        make(world, old->namespace, old->name);
}

static void delete_endpoint(struct world *world, struct thing *thing)
{
    person_deletes(world, thing, chance(world, 700) ? "Background" : "Foreground", NULL);
    if (chance(world, 500))
        agenda_add(&world->agenda, world->now + random_spread(&world->random, 1, 20000), make_again, thing);
}

static void delete_part(struct world *world, struct thing *endpoint)
{
    static const enum resource parts[] = { RESOURCE_DEPLOYMENTS, RESOURCE_SERVICES,    RESOURCE_HTTP_ROUTES,
                                           RESOURCE_GRPC_ROUTES, RESOURCE_AUTOSCALERS, RESOURCE_BUDGETS };
    struct thing *thing = some_of(world, parts[random_below(&world->random, ARRAY_SIZE(parts))]);

    if (thing && server_owner(world, thing->now->tree) == endpoint)
        person_deletes(world, thing, "Background", NULL);
}

/* -- what is served ----------------------------------------------------------------------------------------------- */

static void edit_template(struct world *world, struct thing *thing)
{
    person_patches(world, thing, OBJ({ "spec", OBJ({ "template", wish_serving_template(world, 300) }) }));
}

static void edit_again(struct world *world, void *context)
{
    struct thing *thing = context;

    if (!thing->gone && !world->calm)
        edit_template(world, thing);
}

static void edit_often(struct world *world, struct thing *thing)
{
    int count = (int)random_between(&world->random, 2, 4);

    for (int i = 0; i < count; i++)
        agenda_add(&world->agenda, world->now + random_spread(&world->random, 1, 10000), edit_again, thing);
}

static const json_t *part_of(const struct snapshot *snapshot, const char *key)
{
    return jb_get(jb_get(snapshot->tree, "spec"), key);
}

/* To the template before the present one, which may be in mid-rollout. */
static void edit_back(struct world *world, struct thing *thing)
{
    const struct server *server = &world->server;

    for (size_t i = server->change_count; i-- > 0;) {
        const struct change *change = &server->changes[i];

        if (change->thing != thing || !change->before ||
            json_equal((json_t *)part_of(change->before, "template"), (json_t *)part_of(thing->now, "template")))
            continue;
        person_patches(
            world,
            thing,
            OBJ({ "spec", OBJ({ "template", json_incref((json_t *)part_of(change->before, "template")) }) }));
        return;
    }
}

static void edit_model_ref(struct world *world, struct thing *thing)
{
    if (world->weather.data)
        person_patches(world,
                       thing,
                       OBJ({ "spec", OBJ({ "modelRef", chance(world, 900) ? wish_model_ref(world) : json_null() }) }));
}

static void move_tag(struct world *world, struct thing *endpoint)
{
    struct thing *model = some_of(world, RESOURCE_MODELS);

    (void)endpoint;
    if (model)
        person_patches(world, model, OBJ({ "spec", OBJ({ "tags", wish_tags(world) }) }));
}

/* Imports it anew, which may bring another version. */
static void publish(struct world *world, struct thing *endpoint)
{
    struct thing *model = some_of(world, RESOURCE_MODELS);

    (void)endpoint;
    if (model)
        person_patches(
            world,
            model,
            OBJ({ "metadata", OBJ({ "annotations", OBJ({ ANNOTATION_REQUESTED, jb_fmt("%d", (int)world->now) }) }) }));
}

/* -- how many, and how fast --------------------------------------------------------------------------------------- */

static void edit_replicas(struct world *world, struct thing *thing)
{
    if (!part_of(thing->now, "autoscaling"))
        person_patches(
            world, thing, OBJ({ "spec", OBJ({ "replicas", jb_int(random_between(&world->random, 1, 5)) }) }));
}

static void switch_autoscaling(struct world *world, struct thing *thing)
{
    bool on = !part_of(thing->now, "autoscaling");

    person_patches(world,
                   thing,
                   OBJ({ "spec",
                         OBJ({ "autoscaling", on ? wish_autoscaling(world) : json_null() },
                             { "replicas", on ? json_null() : jb_int(random_between(&world->random, 1, 5)) }) }));
}

static void patch_rollout(struct world *world, struct thing *thing, json_t *take_rollout)
{
    person_patches(world, thing, OBJ({ "spec", OBJ({ "rollout", take_rollout }) }));
}

static void edit_rollout(struct world *world, struct thing *thing)
{
    json_t *rollout = wish_rollout(
        world, part_of(thing->now, "route"), strcmp(json_string_value(part_of(thing->now, "protocol")), "GRPC") == 0);

    if (!jb_get(rollout, "steps"))
        jb_set(rollout, "steps", json_null());
    if (!jb_get(rollout, "checks"))
        jb_set(rollout, "checks", json_null());
    patch_rollout(world, thing, rollout);
}

static void edit_steps(struct world *world, struct thing *thing)
{
    if (strcmp(jb_get_str(part_of(thing->now, "rollout"), "strategy"), "Canary") == 0)
        patch_rollout(world, thing, OBJ({ "steps", wish_steps(world) }));
}

static void resume(struct world *world, void *context)
{
    struct thing *thing = context;

    if (!thing->gone)
        patch_rollout(world, thing, OBJ({ "paused", json_false() }));
}

static void pause_rollout(struct world *world, struct thing *thing)
{
    patch_rollout(world, thing, OBJ({ "paused", json_true() }));
    if (chance(world, 800))
        agenda_add(&world->agenda, world->now + random_spread(&world->random, 10, 60000), resume, thing);
}

/* The candidate; or another revision of now or before, which means nothing. */
static json_t *some_revision(struct world *world, const struct thing *thing)
{
    const json_t *status = jb_get(thing->now->tree, "status");
    const char *candidate = jb_get_str(jb_get(status, "candidate"), "revision");
    const struct thing *deployment = some_of(world, RESOURCE_DEPLOYMENTS);

    if (*candidate && chance(world, 800))
        return jb_str(candidate);
    if (deployment && chance(world, 500))
        return jb_str(deployment->name);
    return jb_fmt("%s-00000000", thing->name);
}

static void approve(struct world *world, struct thing *thing)
{
    patch_rollout(world, thing, OBJ({ "approve", some_revision(world, thing) }));
}

static void reject(struct world *world, struct thing *thing)
{
    patch_rollout(world, thing, OBJ({ "reject", some_revision(world, thing) }));
}

/* -- all of it ---------------------------------------------------------------------------------------------------- */

struct deed {
    void (*act)(struct world *world, struct thing *endpoint);
    unsigned weight;
};

void serving_people_meddle(struct world *world)
{
    static const struct deed all[] = {
        { edit_template, 20 }, { edit_often, 6 },      { edit_back, 10 },         { edit_model_ref, 6 },
        { move_tag, 6 },       { publish, 16 },        { edit_replicas, 8 },      { edit_rollout, 4 },
        { edit_steps, 4 },     { pause_rollout, 6 },   { approve, 16 },           { reject, 4 },
        { delete_part, 6 },    { delete_endpoint, 2 }, { switch_autoscaling, 4 },
    };
    struct thing *endpoint = some_endpoint(world);
    int64_t at = (int64_t)random_below(&world->random, 118);

    if (!endpoint)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        at -= all[i].weight;
        if (at < 0) {
            all[i].act(world, endpoint);
            return;
        }
    }
}

void serving_people_let_go(struct world *world)
{
    for (size_t i = 0; i < world->server.counts[RESOURCE_ENDPOINTS]; i++) {
        struct thing *endpoint = world->server.things[RESOURCE_ENDPOINTS][i];

        if (chance(world, 600) && !thing_is_deleting(endpoint))
            edit_template(world, endpoint);
        if (chance(world, 700) && !thing_is_deleting(endpoint))
            patch_rollout(world, endpoint, OBJ({ "paused", json_false() }));
    }
}
