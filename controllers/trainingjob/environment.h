#pragma once
/*
 * What the containers of a pod are told. Each variable is a row of a table: its name, and how its value is found. Which
 * tables a container gets is rendezvous.c's to say; environment.c puts them there, and tells which ones the user's own
 * have replaced.
 */

#include "job.h"

/* Whose environment it is: one pod's. */
struct seat {
    const struct job *job;
    const struct role *role;
    int index;
    const json_t *pod_spec; /* of its template */
};

struct variable {
    const char *name; /* NULL ends a table */
    json_t *(*value)(const struct seat *seat);
};

enum { MAX_TABLES = 4 }; /* of a framework */

/* The tables of the job's framework for a container whose template sets `own` (its env, may be NULL); NULL-ended. */
void find_rendezvous(const struct seat *seat, const json_t *own, const struct variable *ret[MAX_TABLES]);

/* tensorflow.c: the value of TF_CONFIG, and who has one. */
json_t *tf_config(const struct seat *seat);
bool has_tf_config(const struct job *job, const struct role *role);
size_t longest_tf_config(const struct job *job); /* in bytes, 0: nobody has one; takes as long as building it */
