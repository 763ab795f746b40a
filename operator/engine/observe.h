#pragma once
/* From the store to what a plan function may know. Pure: golden tests and `kitae plan` use it as the engine does. */

#include "../model/controller.h"
#include "store.h"

/*
 * Fills *ret for one object. Everything is borrowed from the store or made in the arena. ERROR_INVALID when spec or
 * status do not decode: the message names the field, and *ret has all but these two.
 */
int observe(const struct controller *controller,
            const struct store *store,
            const struct object *self,
            int64_t now,
            struct arena *arena,
            struct observed *ret,
            struct error *err) must_check;

/*
 * What is planned for an object that does not decode, the same for every kind: it says so, keeps what its status has
 * recorded, and lets go of its children when it is being deleted.
 */
void observe_refused(const struct observed *in, struct plan *out, const struct error *err);
