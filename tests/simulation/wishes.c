#include "wishes.h"

#include "../../operator/base/memory.h"
#include "../../operator/model/object.h"
#include "people.h"
#include "serving_wishes.h"
#include "trees.h"
#include "world.h"

enum { MOST_SECONDS = 100 }; /* of deadlines and TTLs: they are over before the calm ends */

static bool chance(struct world *world, unsigned per_mille)
{
    return random_chance(&world->random, per_mille);
}

/* -- making jobs -------------------------------------------------------------------------------------------------- */

json_t *wish_template(struct world *world)
{
    return OBJ(
        { "metadata", OBJ({ "annotations", chance(world, 30) ? OBJ({ ANNOTATION_REFUSED, jb_str("yes") }) : NULL }) },
        { "spec",
          OBJ({ "containers", ARR(OBJ({ "name", jb_str("main") }, { "image", jb_str("reg/train:1") })) },
              { "terminationGracePeriodSeconds",
                chance(world, 300) ? jb_int(random_between(&world->random, 0, 40)) : NULL }) });
}

/* `on`: an earlier role that it may have to wait for, or NULL. */
json_t *wish_role(struct world *world, const char *name, unsigned at_most, const char *on)
{
    bool ready = chance(world, 500);

    return OBJ({ "name", jb_str(name) },
               { "dependsOn",
                 on && chance(world, 400)
                     ? ARR(OBJ({ "role", jb_str(on) }, { "status", jb_str(ready ? "Ready" : "Complete") }))
                     : NULL },
               { "replicas", chance(world, 850) ? jb_int(random_between(&world->random, 1, at_most)) : NULL },
               { "template", chance(world, 150) ? wish_template(world) : NULL });
}

static json_t *roles(struct world *world)
{
    bool chief = chance(world, 150);
    unsigned most = world->weather.pods_at_most;

    if (chance(world, 100))
        return NULL; /* the default: one worker */
    if (chance(world, 100))
        return ARR(wish_role(world, "a", most, NULL), chance(world, 500) ? wish_role(world, "b", most, "a") : NULL);
    return ARR(chief ? OBJ({ "name", jb_str("chief") }) : NULL,
               wish_role(world, "worker", most, chief ? "chief" : NULL),
               chance(world, 200) ? wish_role(world, "ps", 2, NULL) : NULL,
               chance(world, 100) ? wish_role(world, "evaluator", 1, "worker") : NULL);
}

/* As they must be, as a rule. */
static json_t *mpi_roles(struct world *world)
{
    unsigned most = world->weather.pods_at_most;
    bool first = chance(world, 500);

    if (chance(world, 50))
        return roles(world);
    return ARR(first ? wish_role(world, "launcher", 1, NULL) : NULL,
               wish_role(world, "worker", most, NULL),
               chance(world, 100) ? wish_role(world, "chief", 1, NULL) : NULL,
               first ? NULL : wish_role(world, "launcher", 1, "worker"));
}

static const char *framework(struct world *world)
{
    static const char *const names[] = { "PyTorch", "PyTorch", "TensorFlow", "JAX", "XGBoost", "MPI" };

    return chance(world, 500) ? names[random_below(&world->random, ARRAY_SIZE(names))] : "";
}

static json_t *success_policy(struct world *world)
{
    static const char *const requires[] = { "All", "Any", "First" };

    return OBJ({ "require", jb_str(requires[random_below(&world->random, 3)]) });
}

/* A deadline or a TTL, where the operator's clock is right: else nobody could say when it is over. */
static json_t *some_seconds(struct world *world, int least)
{
    bool wanted = chance(world, 80) && !world->weather.clock_jump_every && !world->calm;

    return wanted ? jb_int(random_between(&world->random, least, MOST_SECONDS)) : NULL;
}

static json_t *rule(struct world *world)
{
    static const char *const actions[] = { "FailJob", "RestartJob", "Ignore", "RestartPod", "RestartPod" };

    if (chance(world, 300))
        return OBJ({ "onReasons", ARR(jb_str("OOMKilled")) }, { "action", jb_str("RestartJobUncounted") });
    return OBJ({ "onExitCodes", ARR(jb_int(random_between(&world->random, 1, 3))) },
               { "action", jb_str(actions[random_below(&world->random, 5)]) });
}

/* Back-offs are shorter than the rest that ends a history. */
static json_t *failure_policy(struct world *world)
{
    bool plain = chance(world, 300);

    return OBJ(
        { "maxRestarts", plain ? NULL : jb_int(random_between(&world->random, 0, 3)) },
        { "rules", !plain && chance(world, 300) ? ARR(rule(world)) : NULL },
        { "nodeLostForceDeleteSeconds", chance(world, 300) ? jb_int(random_between(&world->random, 1, 60)) : NULL },
        { "backoff",
          OBJ({ "initialSeconds", jb_int(random_between(&world->random, 0, 20)) },
              { "maxSeconds", jb_int(random_between(&world->random, 20, 60)) }) });
}

/* Two of a kind in a namespace: set0 and set1, model0 and model1. */
static json_t *reference(struct world *world, const char *kind)
{
    return OBJ({ "name", jb_fmt("%s%d", kind, (int)random_below(&world->random, 2)) });
}

static json_t *data(struct world *world)
{
    if (!world->weather.data || chance(world, 400))
        return NULL;
    return ARR(OBJ({ "dataSetRef", reference(world, "set") }, { "delivery", jb_str("Volume") }));
}

static bool has_worker(const json_t *roles)
{
    return !roles || jb_named(roles, "worker");
}

static json_t *outputs(struct world *world, const json_t *roles)
{
    bool to_model = chance(world, 600);

    if (!world->weather.data || chance(world, 400) || !has_worker(roles))
        return NULL;
    return ARR(OBJ({ to_model ? "modelRef" : "dataSetRef", reference(world, to_model ? "model" : "set") },
                   { "from", OBJ({ "role", jb_str("worker") }, { "index", jb_int(0) }) },
                   { "mountPath", jb_str("/output") },
                   { "storage", OBJ({ "size", jb_str("1Gi") }, { "accessModes", ARR(jb_str("ReadWriteOnce")) }) }));
}

json_t *wish_retention(struct world *world)
{
    return chance(world, 800) ? OBJ({ "keepLast", jb_int(random_between(&world->random, 1, 2)) }) : NULL;
}

static json_t *custom(const char *kind, const char *name, json_t *take_spec)
{
    return OBJ({ "apiVersion", jb_str("kitae.dev/v1alpha1") },
               { "kind", jb_str(kind) },
               { "metadata", OBJ({ "name", jb_str(name) }) },
               { "spec", take_spec });
}

json_t *wish_data_set(struct world *world, const char *name)
{
    return custom("DataSet",
                  name,
                  OBJ({ "source", chance(world, 850) ? OBJ({ "s3", OBJ({ "bucket", jb_str("market") }) }) : NULL },
                      { "storage", OBJ({ "size", jb_str("1Gi") }, { "accessModes", ARR(jb_str("ReadWriteMany")) }) },
                      { "retention", wish_retention(world) }));
}

/* Where nobody trains, models come from elsewhere. */
json_t *wish_model(struct world *world, const char *name)
{
    bool imported = world->weather.endpoints && chance(world, 800);

    return custom("Model",
                  name,
                  OBJ({ "store", OBJ({ "s3", OBJ({ "bucket", jb_str("models") }, { "prefix", jb_str(name) }) }) },
                      { "source", imported ? OBJ({ "s3", OBJ({ "bucket", jb_str("market") }) }) : NULL },
                      { "tags", imported ? wish_tags(world) : NULL },
                      { "retention", wish_retention(world) }));
}

json_t *wish_job(struct world *world, const char *name)
{
    const char *chosen = framework(world);
    json_t *wanted = strcmp(chosen, "MPI") == 0 ? mpi_roles(world) : roles(world);

    return OBJ({ "apiVersion", jb_str("kitae.dev/v1alpha1") },
               { "kind", jb_str("TrainingJob") },
               { "metadata",
                 OBJ({ "name", jb_str(name) },
                     { "labels", chance(world, 850) ? OBJ({ "team", jb_str("ml") }) : NULL },
                     { "finalizers", chance(world, 40) && !world->calm ? ARR(jb_str(FINALIZER_HELD)) : NULL }) },
               { "spec",
                 OBJ({ "template", wish_template(world) },
                     { "outputs", outputs(world, wanted) },
                     { "roles", wanted },
                     { "data", data(world) },
                     { "framework", *chosen ? jb_str(chosen) : NULL },
                     { "failurePolicy", failure_policy(world) },
                     { "checkpoint", chance(world, 150) ? OBJ({ "storage", OBJ({ "size", jb_str("1Gi") }) }) : NULL },
                     { "successPolicy", chance(world, 150) ? success_policy(world) : NULL },
                     { "cleanPodPolicy", chance(world, 150) ? jb_str(chance(world, 500) ? "All" : "None") : NULL },
                     { "activeDeadlineSeconds", some_seconds(world, 1) },
                     { "ttlSecondsAfterFinished", some_seconds(world, 0) },
                     { "progress", chance(world, 40) ? OBJ({ "stallSeconds", jb_int(100) }) : NULL }) });
}
