#include "trees.h"

#include <string.h>

json_t *tree_edit(const json_t *root)
{
    return json_is_object(root) ? json_copy((json_t *)root) : json_object();
}

json_t *tree_part(json_t *root, const char *key)
{
    json_t *part = tree_edit(jb_get(root, key));

    json_object_set_new(root, key, part);
    return part;
}

json_t *tree_merge(const json_t *from, const json_t *patch)
{
    json_t *result, *value;
    const char *key;

    if (!json_is_object(patch))
        return json_incref((json_t *)patch);
    result = tree_edit(from);
    json_object_foreach((json_t *)patch, key, value) {
        if (json_is_null(value))
            json_object_del(result, key);
        else
            json_object_set_new(result, key, tree_merge(jb_get(result, key), value));
    }
    return result;
}

bool tree_array_has(const json_t *array, const char *text)
{
    const json_t *value;
    size_t index;

    json_array_foreach((json_t *)array, index, value)
        if (json_is_string(value) && strcmp(json_string_value(value), text) == 0)
            return true;
    return false;
}

json_t *tree_array_without(const json_t *array, const char *text)
{
    json_t *left = json_array(), *value;
    size_t index;

    json_array_foreach((json_t *)array, index, value)
        if (!json_is_string(value) || strcmp(json_string_value(value), text) != 0)
            json_array_append(left, value);
    if (json_array_size(left))
        return left;
    json_decref(left);
    return NULL;
}

const json_t *tree_metadata(const json_t *root)
{
    return jb_get(root, "metadata");
}

const json_t *tree_condition(const json_t *status, const char *type)
{
    const json_t *conditions = jb_get(status, "conditions");

    for (size_t i = 0; i < json_array_size(conditions); i++)
        if (strcmp(jb_get_str(json_array_get(conditions, i), "type"), type) == 0)
            return json_array_get(conditions, i);
    return NULL;
}

bool tree_condition_is_true(const json_t *status, const char *type)
{
    return strcmp(jb_get_str(tree_condition(status, type), "status"), "True") == 0;
}

const json_t *tree_controller(const json_t *root)
{
    const json_t *owners = jb_get(tree_metadata(root), "ownerReferences");

    for (size_t i = 0; i < json_array_size(owners); i++)
        if (json_is_true(jb_get(json_array_get(owners, i), "controller")))
            return json_array_get(owners, i);
    return NULL;
}

bool tree_selects(const json_t *selector, const json_t *root)
{
    const json_t *labels = jb_get(tree_metadata(root), "labels");
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)selector, key, value)
        if (!jb_get(labels, key) || !json_equal((json_t *)jb_get(labels, key), value))
            return false;
    return json_object_size(selector) > 0;
}
