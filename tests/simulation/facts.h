#pragma once
/* What the invariants ask about jobs, read from the objects as the server has them. */

#include <jansson.h>

#include "server.h"

/* The live job that owns a child; NULL when there is none. */
struct thing *fact_owner(const struct world *world, const json_t *child);

const char *fact_phase(const json_t *tree);
bool fact_is_terminal(const json_t *job);         /* Complete or Failed is True */
bool fact_outcome_is_recorded(const json_t *job); /* ... or it is Completing */
bool fact_pod_is_over(const json_t *pod);
bool fact_has_finalizer(const json_t *tree, const char *name);

/* -1 when the job has no such role. */
int fact_replicas(const json_t *job, const char *role);
int fact_total_replicas(const json_t *job);
bool fact_in_world(const json_t *job, const char *role); /* takes part in deciding success */
const char *fact_required(const json_t *job);            /* All, Any or First of their pods */
bool fact_ttl_is_over(const struct world *world, const json_t *job);
const json_t *fact_role_status(const json_t *job, const char *role);
bool fact_success_is_recorded(const json_t *job, const char *role, int index);
