#pragma once
/* The part of foreign objects that we read, as structs for the field decoder. Only object.c and pod_summary.c need
   them. */

#include "../base/fields.h"

struct wire_owner {
    const char *api_version, *kind, *name, *uid;
    bool controller, has_controller;
};

struct wire_labels {
    const char *managed_by, *owner_uid, *role, *index, *attempt;
};

struct wire_annotations {
    const char *hash, *requested_at;
};

struct wire_metadata {
    const char *name, *namespace, *uid, *resource_version;
    int64_t generation;
    bool has_generation;
    int64_t created_at, deleted_at;
    const struct wire_labels *labels;
    const struct wire_annotations *annotations;
    const struct wire_owner *owners;
    size_t owner_count;
    const char *const *finalizers;
    size_t finalizer_count;
};

struct wire_condition {
    const char *type, *status, *reason, *message;
    int64_t changed_at;
};

struct wire_running {
    int64_t started_at;
};

struct wire_terminated {
    int64_t exit_code;
    bool has_exit_code;
    const char *reason, *message;
    int64_t started_at, finished_at;
};

struct wire_waiting {
    const char *reason, *message;
};

struct wire_state {
    const struct wire_running *running;
    const struct wire_terminated *terminated;
    const struct wire_waiting *waiting;
};

struct wire_container_status {
    const char *name;
    const struct wire_state *state, *last_state;
    int64_t restarts;
    bool has_restarts;
};

struct wire_pod_status {
    const char *phase, *reason, *message;
    int64_t started_at;
    const struct wire_condition *conditions;
    size_t condition_count;
    const struct wire_container_status *containers;
    size_t container_count;
    const struct wire_container_status *init_containers;
    size_t init_container_count;
};

struct wire_pod_spec {
    const char *node;
};

struct wire_object {
    const struct wire_metadata *metadata;
    struct slice spec, status;
};

/* What the specs of our kinds name: the same words in each of them. */
struct wire_reference {
    const char *name;
};

struct wire_mention {
    const struct wire_reference *data_set, *model;
};

struct wire_mentions {
    const struct wire_mention *data;
    size_t data_count;
    const struct wire_mention *outputs;
    size_t output_count;
    const struct wire_reference *model;
};

/* What the status of a ServingEndpoint names. */
struct wire_revision {
    const char *model;
};

struct wire_served {
    const struct wire_revision *revisions;
    size_t revision_count;
};

extern const struct fields wire_mentions_type, wire_served_type;
extern const struct fields wire_object_type, wire_pod_spec_type, wire_pod_status_type;
