#include "admission.h"

#include <stdio.h>
#include <string.h>

#include "../../controllers/dataset/dataset_fields.h"
#include "../../controllers/model/model_fields.h"
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

void admit_defaults(enum resource resource, json_t *tree)
{
    json_t *spec;

    if (resource == RESOURCE_PODS)
        set_missing(tree, "status", OBJ({ "phase", jb_str("Pending") }));
    if (!resource_is_custom(resource))
        return;
    set_missing(tree, "status", OBJ({ "observedGeneration", jb_int(-1) }, { "phase", jb_str("Pending") }));
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
    const char *unknown = unknown_field(target->resource == RESOURCE_DATA_SETS ? &dataset_status_type
                                        : target->resource == RESOURCE_MODELS  ? &model_status_type
                                                                               : &trainingjob_status_type,
                                        status);
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
