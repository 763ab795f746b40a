#pragma once
/* What rollout.c, steps.c and retire.c know of each other: how a decision is made and told. */

#include "endpoint.h"

static inline int64_t now(const struct endpoint *endpoint)
{
    return endpoint->in->now;
}

void tell(struct endpoint *endpoint, bool warns, const char *reason, const char *text); /* as an event: the last one */
void forget_waiting(struct endpoint *endpoint);
void look_again(struct endpoint *endpoint, int64_t at);
void forget_rejection(struct endpoint *endpoint);        /* the candidate's */
void end_rollout(struct endpoint *endpoint, int result); /* servingendpoint_status_last_rollout_result */

/* It goes on by itself, but should have long ago: somebody had better look. */
void call_person(struct endpoint *endpoint, int64_t since);

/* All Gateways that have the route have seen it so; where none says anything, some time has passed. */
bool is_routed(struct endpoint *endpoint, int percent, int64_t since);
const char *unseen_text(const struct endpoint *endpoint, const char *otherwise); /* why not */

/* -- steps.c -- */

/* Into the next state, where what that one needs may be there already; false: it stays in this one, or is through. */
bool goes_on(struct endpoint *endpoint);
int64_t hold_ends(const struct endpoint *endpoint); /* of the step */
bool skips_steps(const struct endpoint *endpoint);  /* it has nobody to prove itself to */

/* -- retire.c -- */

struct revision *take_revision(struct endpoint *endpoint); /* the target's: kept, or a new one; NULL: not yet */
void forget_gone(struct endpoint *endpoint);
