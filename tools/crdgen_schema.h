#pragma once
/* What crdgen reads from a schema: which type of field a node becomes, and what it does not understand. */

#include "../operator/base/arena.h"
#include "../operator/base/fields.h"

/* A place in the schema. */
struct node {
    const json_t *schema;
    const char *path; /* spec.roles[], "" for the document */
    const char *name; /* in C: trainingjob_spec_roles */
    bool in_text;     /* inside of a FIELD_RAW, or the document: there is no struct, only tables to check by */
};

/* The type of field that a member of an object becomes; ERROR_INVALID names the node and what is not understood. */
int schema_classify(const struct node *node, enum field_type *ret, struct error *err) must_check;

bool schema_flag(const json_t *schema, const char *keyword);
bool schema_requires(const json_t *schema, const char *key);

/* The pattern of a schema when POSIX extended expressions mean the same by it as RE2, else NULL. */
const char *schema_pattern(const json_t *schema);

/* What the items of a list have to themselves: a member, "" for the item as a whole, NULL for nothing. */
const char *schema_unique(const json_t *schema);

/* processesPerReplica becomes processes_per_replica, clusterIP cluster_ip, default default_; in the arena. */
const char *schema_member_name(struct arena *arena, const char *key);
