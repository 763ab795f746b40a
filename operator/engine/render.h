#pragma once
/* From what a plan says to what the API server is sent. Pure: golden tests and `kitae plan` use it as the engine does.
 */

#include "../model/controller.h"

/*
 * The whole body of a wanted child: what its late body builds, and apiVersion, kind, name, namespace, owner reference,
 * labels, finalizer, replicas when it is scaled, and for applied kinds the hash annotation. The caller owns it.
 */
json_t *render_child(const struct observed *in, const struct want *want);

/* True when a child that is there is left alone: it leaves, or is made once and has the scale that is wanted. */
bool render_is_settled(const struct object *child, const struct want *want);

/* True when what exists is no longer what is wanted, by the hash of its inputs or by what the server has. */
bool render_differs(const struct object *child, const json_t *body);

/*
 * The status a plan asks for, conditions and observedGeneration included. Conditions keep their lastTransitionTime
 * while their status stays, and conditions of other writers stay as they are. The caller owns it.
 */
json_t *render_status(const struct observed *in, const struct plan *plan, const json_t *before);

/* The status an object has now; an empty object when it has none. The caller owns it. */
json_t *render_current_status(const struct observed *in);

/* True when the two differ in more than the fields that may wait. */
bool render_urgent(const struct controller *controller, const json_t *before, const json_t *after);
