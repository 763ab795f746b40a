#pragma once
/* What the invariants ask about jobs, read from the objects as the server has them. */

#include <jansson.h>

#include "server.h"

/* The live job that owns a child; NULL when there is none. */
struct thing *fact_owner(const struct world *world, const json_t *child);

/*
 * A child that lost our label while nobody watched: the product cannot know of it. (One that loses the label before the
 * operator's eyes gets it back.)
 */
bool fact_is_invisible(const struct thing *thing);

const char *fact_phase(const json_t *tree);
bool fact_is_terminal(const json_t *job);          /* Complete or Failed is True */
bool fact_outcome_is_recorded(const json_t *job);  /* ... or it is Completing */
int fact_attempt(const json_t *job);               /* the present one; 0: none yet */
bool fact_attempt_failed(const json_t *job);       /* the present attempt is recorded as ended by a failure */
bool fact_attempt_is_suspended(const json_t *job); /* the present one */

/* The status says that this pod is made anew alone; uid NULL: any pod of this place. */
bool fact_is_replaced(const json_t *job, const char *role, int index, const char *uid);
bool fact_pod_is_over(const json_t *pod);
bool fact_has_finalizer(const json_t *tree, const char *name);

/* -1 when the job has no such role. */
int fact_replicas(const json_t *job, const char *role);
bool fact_misses_role(const json_t *job); /* one that its framework cannot do without */
int fact_total_replicas(const json_t *job);
bool fact_decides(const json_t *job, const char *role); /* takes part in deciding success */
const char *fact_required(const json_t *job);           /* All, Any or First of their pods */
bool fact_ttl_is_over(const struct world *world, const json_t *job);
const json_t *fact_role_status(const json_t *job, const char *role);
bool fact_success_is_recorded(const json_t *job, const char *role, int index);
