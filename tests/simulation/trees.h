#pragma once
/*
 * JSON trees that are never changed once an object of the model carries them: an edit copies the path to what it
 * changes and shares the rest. That is what makes ten thousand histories a matter of a minute.
 */

#include "../../operator/base/jb.h"

/* A copy whose members are shared; the caller owns it. */
json_t *tree_edit(const json_t *root);

/* A member of a tree from tree_edit (or of such a member), made the tree's own; an empty object when missing. Borrowed.
 */
json_t *tree_part(json_t *root, const char *key);

/* `from` after a JSON merge patch (RFC 7386); neither is changed. The caller owns the result. */
json_t *tree_merge(const json_t *from, const json_t *patch);

bool tree_array_has(const json_t *array, const char *text);
json_t *tree_array_without(const json_t *array, const char *text); /* the caller owns it; NULL when nothing is left */

const json_t *tree_metadata(const json_t *root);
const json_t *tree_condition(const json_t *status, const char *type); /* NULL when there is none */
bool tree_condition_is_true(const json_t *status, const char *type);
bool tree_selects(const json_t *selector, const json_t *root); /* labels, not empty; by equality */
const json_t *tree_controller(const json_t *root); /* the owner reference that controls; NULL when there is none */
