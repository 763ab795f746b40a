#include "admission.h"

#include <stdio.h>
#include <string.h>

#include "../../controllers/dataset/dataset_fields.h"
#include "../../controllers/model/model_fields.h"
#include "../../controllers/servingendpoint/servingendpoint_fields.h"
#include "../../controllers/trainingjob/trainingjob_fields.h"
#include "people.h"
#include "trees.h"
#include "world.h"

/* -- defaults ----------------------------------------------------------------------------------------------------- */

static void set_missing(json_t *object, const char *key, json_t *take_value)
{
    if (jb_get(object, key))
        json_decref(take_value);
    else
        jb_set(object, key, take_value);
}

static void default_template(json_t *owner)
{
    if (jb_get(owner, "template"))
        set_missing(tree_part(tree_part(owner, "template"), "spec"), "restartPolicy", jb_str("Never"));
}

static void default_roles(json_t *spec)
{
    json_t *roles = json_array();

    for (size_t i = 0; i < json_array_size(jb_get(spec, "roles")); i++) {
        json_t *role = tree_edit(json_array_get(jb_get(spec, "roles"), i));

        set_missing(role, "replicas", jb_int(1));
        default_template(role);
        json_array_append_new(roles, role);
    }
    if (!json_array_size(roles))
        jb_append(roles, OBJ({ "name", jb_str("worker") }, { "replicas", jb_int(1) }));
    jb_set(spec, "roles", roles);
}

static json_t *default_steps(const json_t *steps)
{
    json_t *full = json_array();

    for (size_t i = 0; i < json_array_size(steps); i++) {
        json_t *step = tree_edit(json_array_get(steps, i));

        set_missing(step, "holdSeconds", jb_int(0));
        json_array_append_new(full, step);
    }
    return full;
}

static void default_rollout(json_t *rollout)
{
    set_missing(rollout, "strategy", jb_str("BlueGreen"));
    set_missing(rollout, "intervalSeconds", jb_int(10));
    set_missing(rollout, "failureLimit", jb_int(2));
    set_missing(rollout, "onNotEnoughTraffic", jb_str("Hold"));
    set_missing(rollout, "holdMaxSeconds", jb_int(3600));
    set_missing(rollout, "progressDeadlineSeconds", jb_int(600));
    set_missing(rollout, "scaleDownDelaySeconds", jb_int(300));
    set_missing(rollout, "paused", json_false());
    if (jb_get(rollout, "steps"))
        jb_set(rollout, "steps", default_steps(jb_get(rollout, "steps")));
}

static void default_endpoint(json_t *spec)
{
    set_missing(spec, "protocol", jb_str("HTTP"));
    set_missing(tree_part(tree_part(spec, "template"), "spec"), "restartPolicy", jb_str("Always"));
    if (jb_get(spec, "modelRef"))
        set_missing(tree_part(spec, "modelRef"), "mountPath", jb_str("/models"));
    if (jb_get(spec, "rollout"))
        default_rollout(tree_part(spec, "rollout"));
}

/* Of its name: nothing else tells two Services apart before they have a uid. */
static json_t *cluster_address(const json_t *service)
{
    const json_t *metadata = tree_metadata(service);
    unsigned hash = 5381;

    for (const char *at = jb_get_str(metadata, "name"); *at; at++)
        hash = hash * 33 + (unsigned char)*at;
    for (const char *at = jb_get_str(metadata, "namespace"); *at; at++)
        hash = hash * 33 + (unsigned char)*at;
    return jb_fmt("10.%u.%u.%u", 96 + hash % 8, hash / 8 % 256, hash / 2048 % 256);
}

void admit_defaults(enum resource resource, json_t *tree)
{
    json_t *spec;

    if (resource == RESOURCE_PODS)
        set_missing(tree, "status", OBJ({ "phase", jb_str("Pending") }));
    if (resource == RESOURCE_DEPLOYMENTS)
        set_missing(tree_part(tree, "spec"), "replicas", jb_int(1));
    if (resource == RESOURCE_SERVICES)
        set_missing(tree_part(tree, "spec"), "clusterIP", cluster_address(tree));
    if (!resource_is_custom(resource))
        return;
    set_missing(tree, "status", OBJ({ "observedGeneration", jb_int(-1) }, { "phase", jb_str("Pending") }));
    if (resource == RESOURCE_ENDPOINTS)
        default_endpoint(tree_part(tree, "spec"));
    if (resource != RESOURCE_JOBS)
        return;
    spec = tree_part(tree, "spec");
    default_template(spec);
    default_roles(spec);
    set_missing(spec, "suspend", json_false());
    set_missing(spec, "cleanPodPolicy", jb_str("Running"));
}

/* -- new objects -------------------------------------------------------------------------------------------------- */

static int refuse(struct answer *ret, struct answer answer)
{
    *ret = answer;
    return -1;
}

static int admit_pod(const struct world *world, const json_t *tree, struct answer *ret)
{
    const json_t *annotations = jb_get(tree_metadata(tree), "annotations");
    const char *name = jb_get_str(tree_metadata(tree), "name");

    if (jb_get(annotations, ANNOTATION_REFUSED))
        return refuse(
            ret, verbs_status(422, "Invalid", "Pod \"%s\" is invalid: spec.containers[0].image: Required value", name));
    if (world->server.quota)
        return refuse(
            ret,
            verbs_status(403, "Forbidden", "pods \"%s\" is forbidden: exceeded quota: few, limited: pods=2", name));
    return 0;
}

int admit_new(struct world *world, const struct target *target, const json_t *tree, struct answer *ret)
{
    const char *name = jb_get_str(tree_metadata(tree), "name");
    const struct namespace *namespace = server_namespace(world, target->namespace);

    if (!namespace || namespace->gone)
        return refuse(ret, verbs_status(404, "NotFound", "namespaces \"%s\" not found", target->namespace));
    if (namespace->terminating)
        return refuse(
            ret,
            verbs_status(
                403,
                "Forbidden",
                "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is being terminated",
                resource_info(target->resource)->plural,
                name,
                target->namespace));
    return target->resource == RESOURCE_PODS ? admit_pod(world, tree, ret) : 0;
}

/* -- changes ------------------------------------------------------------------------------------------------------ */

static bool is_suspended(const json_t *tree)
{
    return json_is_true(jb_get(jb_get(tree, "spec"), "suspend"));
}

/* The rules of crds/trainingjob.yaml: once started, these stay, unless suspended before and after. */
int admit_change(struct world *world, const struct thing *thing, const json_t *tree, struct answer *ret)
{
    static const char *const fixed[] = { "roles", "framework", "template", "data", "outputs" };
    const json_t *before = thing->now->tree;

    (void)world;
    if (thing->resource != RESOURCE_JOBS || !jb_get(jb_get(tree, "status"), "startTime") ||
        (is_suspended(before) && is_suspended(tree)))
        return 0;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (!json_equal((json_t *)jb_get(jb_get(before, "spec"), fixed[i]),
                        (json_t *)jb_get(jb_get(tree, "spec"), fixed[i])) &&
            (jb_get(jb_get(before, "spec"), fixed[i]) || jb_get(jb_get(tree, "spec"), fixed[i])))
            return refuse(ret,
                          verbs_status(422,
                                       "Invalid",
                                       "TrainingJob.kitae.dev \"%s\" is invalid: spec.%s: the run has started",
                                       thing->name,
                                       fixed[i]));
    return 0;
}

/* -- an old definition -------------------------------------------------------------------------------------------- */

static bool is_known(const struct fields *type, const char *key)
{
    for (size_t i = 0; i < type->count; i++)
        if (strcmp(type->list[i].name, key) == 0)
            return true;
    return false;
}

/* The first field that no table knows; NULL when all are known. */
static const char *unknown_field(const struct fields *type, const json_t *status)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)status, key, value)
        if (!is_known(type, key))
            return key;
    return NULL;
}

/* True when something was there to lose. */
static bool prune(json_t *status)
{
    bool lost = json_object_del(status, "lastFailure") == 0;
    const json_t *roles = jb_get(status, "roles");
    json_t *pruned = json_array();

    for (size_t i = 0; i < json_array_size(roles); i++) {
        json_t *role = tree_edit(json_array_get(roles, i));

        lost |= json_object_del(role, "succeededIndexes") == 0;
        lost |= json_object_del(role, "created") == 0;
        json_array_append_new(pruned, role);
    }
    if (roles)
        jb_set(status, "roles", pruned);
    else
        json_decref(pruned);
    return lost;
}

int admit_status(struct world *world, const struct target *target, json_t *status, struct answer *ret)
{
    static const struct fields *const types[RESOURCE_COUNT] = {
        [RESOURCE_JOBS] = &trainingjob_status_type,
        [RESOURCE_DATA_SETS] = &dataset_status_type,
        [RESOURCE_MODELS] = &model_status_type,
        [RESOURCE_ENDPOINTS] = &servingendpoint_status_type,
    };
    const char *unknown = unknown_field(types[target->resource], status);
    json_auto_t *copy = NULL;

    if (target->strict && unknown)
        return refuse(ret,
                      verbs_status(400, "BadRequest", "strict decoding error: unknown field \"status.%s\"", unknown));
    if (!world->server.old_definition || target->resource != RESOURCE_JOBS)
        return 0;
    copy = tree_edit(status);
    if (target->strict && prune(copy))
        return refuse(
            ret, verbs_status(400, "BadRequest", "strict decoding error: unknown field \"status.roles[0].created\""));
    if (!target->strict)
        prune(status);
    return 0;
}
