#pragma once
/* The three ways to change a part of an object: merge patch, strategic merge patch, server-side apply. */

#include "target.h"
#include "verbs.h"

/* The object after the patch, or -1 and the answer to give. Preconditions are checked, nothing is stored. */
int patch_tree(struct world *world,
               const struct target *target,
               const struct thing *thing,
               const char *content_type,
               const json_t *patch,
               json_t **ret_tree,
               struct answer *ret);
