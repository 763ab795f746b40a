#include "patches.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../operator/model/object.h"
#include "admission.h"
#include "trees.h"
#include "world.h"

static const char delete_finalizers[] = "$deleteFromPrimitiveList/finalizers";

static int refuse(struct answer *ret, struct answer answer)
{
    *ret = answer;
    return -1;
}

static int check_preconditions(const struct thing *thing, const json_t *patch, struct answer *ret)
{
    const json_t *metadata = tree_metadata(patch);
    const char *uid = jb_get_str(metadata, "uid"), *version = jb_get_str(metadata, "resourceVersion");

    if (*uid && strcmp(uid, thing->uid) != 0)
        return refuse(ret,
                      verbs_status(409,
                                   "Conflict",
                                   "Precondition failed: UID in precondition: %s, UID in object meta: %s",
                                   uid,
                                   thing->uid));
    if (*version && strtoull(version, NULL, 10) != thing->now->version)
        return refuse(ret,
                      verbs_status(409,
                                   "Conflict",
                                   "the object has been modified; please apply your changes to the latest version"));
    return 0;
}

/* What nobody outside changes, whatever a patch says. */
static void keep_system_fields(const json_t *before, json_t *tree)
{
    static const char *const fields[] = { "uid",        "resourceVersion",   "creationTimestamp",
                                          "generation", "deletionTimestamp", "deletionGracePeriodSeconds" };
    json_t *metadata = tree_part(tree, "metadata");

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        jb_set(metadata, fields[i], json_incref((json_t *)jb_get(tree_metadata(before), fields[i])));
    if (json_is_null(jb_get(metadata, "finalizers")) || !json_array_size(jb_get(metadata, "finalizers")))
        jb_set(metadata, "finalizers", NULL);
}

static int patch_status(struct world *world,
                        const struct target *target,
                        const struct thing *thing,
                        const json_t *patch,
                        json_t **ret_tree,
                        struct answer *ret)
{
    json_t *tree = tree_edit(thing->now->tree);
    json_t *status = tree_merge(jb_get(tree, "status"), jb_get(patch, "status"));

    if (resource_is_custom(thing->resource) && admit_status(world, target, status, ret) < 0) {
        json_decref(status);
        json_decref(tree);
        return -1;
    }
    jb_set(tree, "status", status);
    *ret_tree = tree;
    return 0;
}

/* The main resource: status stays, generation counts changes of the spec. */
static json_t *finish_main(const struct thing *thing, json_t *take_tree)
{
    const json_t *before = thing->now->tree;

    jb_set(take_tree, "status", json_incref((json_t *)jb_get(before, "status")));
    keep_system_fields(before, take_tree);
    admit_defaults(thing->resource, take_tree);
    if (resource_counts_generation(thing->resource)) {
        if (!json_equal(jb_get(before, "spec"), jb_get(take_tree, "spec")))
            jb_set(tree_part(take_tree, "metadata"),
                   "generation",
                   jb_int(jb_get_int(tree_metadata(before), "generation", 0) + 1));
    }
    return take_tree;
}

static json_t *strategic(const struct thing *thing, const json_t *patch)
{
    json_t *rest = tree_edit(patch), *metadata = tree_part(rest, "metadata"), *tree;
    const json_t *gone = jb_get(tree_metadata(patch), delete_finalizers);

    jb_set(metadata, delete_finalizers, NULL);
    tree = tree_merge(thing->now->tree, rest);
    json_decref(rest);
    for (size_t i = 0; i < json_array_size(gone); i++) {
        metadata = tree_part(tree, "metadata");
        jb_set(metadata,
               "finalizers",
               tree_array_without(jb_get(metadata, "finalizers"), json_string_value(json_array_get(gone, i))));
    }
    return tree;
}

/* Server-side apply of the one finalizer that is ours: in the list or out of it, and the others stay. */
static json_t *apply_guard(const struct thing *thing, const json_t *patch)
{
    const json_t *wanted = jb_get(tree_metadata(patch), "finalizers");
    json_t *tree = tree_edit(thing->now->tree), *metadata = tree_part(tree, "metadata");
    json_t *finalizers = tree_array_without(jb_get(metadata, "finalizers"), FINALIZER_IN_USE);

    if (!finalizers)
        finalizers = json_array();
    json_array_extend(finalizers, (json_t *)wanted);
    jb_set(metadata, "finalizers", finalizers);
    return tree;
}

int patch_tree(struct world *world,
               const struct target *target,
               const struct thing *thing,
               const char *content_type,
               const json_t *patch,
               json_t **ret_tree,
               struct answer *ret)
{
    bool is_strategic = strcmp(content_type, "application/strategic-merge-patch+json") == 0;
    bool is_apply = strcmp(content_type, "application/apply-patch+yaml") == 0;

    if (!is_strategic && !is_apply && strcmp(content_type, "application/merge-patch+json") != 0)
        return refuse(ret, verbs_status(415, "UnsupportedMediaType", "%s", content_type));
    if (is_strategic && resource_is_custom(thing->resource))
        return refuse(ret,
                      verbs_status(415, "UnsupportedMediaType", "strategic merge is not there for custom resources"));
    if (check_preconditions(thing, patch, ret) < 0)
        return -1;
    if (target->status)
        return patch_status(world, target, thing, patch, ret_tree, ret);
    *ret_tree = finish_main(thing,
                            is_strategic                                      ? strategic(thing, patch)
                            : is_apply && resource_is_custom(thing->resource) ? apply_guard(thing, patch)
                                                                              : tree_merge(thing->now->tree, patch));
    if (admit_change(world, thing, *ret_tree, ret) < 0) {
        json_decref(*ret_tree);
        return -1;
    }
    return 0;
}
