#pragma once
/* What the server refuses or fills in before it stores an object. */

#include "target.h"
#include "verbs.h"

/* Each returns 0, or -1 with the answer to give. */
int admit_new(struct world *world, const struct target *target, const json_t *tree, struct answer *ret);
int admit_change(struct world *world, const struct thing *thing, const json_t *tree, struct answer *ret);

/* Defaults of the kind; the tree is the caller's own. */
void admit_defaults(enum resource resource, json_t *tree);

/*
 * A definition without some fields of the status: with fieldValidation=Strict their presence is a 400, else they are
 * lost without a word. `status` is the caller's own.
 */
int admit_status(struct world *world, const struct target *target, json_t *status, struct answer *ret);
