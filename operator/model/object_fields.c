#include "object_fields.h"

#include "../base/memory.h"
#include "object.h"

#define TABLE(type)                                                                                                    \
    {                                                                                                                  \
        type##_fields, ARRAY_SIZE(type##_fields), sizeof(struct wire_##type), NULL, true                               \
    }
#define STRING(type, name, member)                                                                                     \
    {                                                                                                                  \
        name, FIELD_STRING, offsetof(struct wire_##type, member)                                                       \
    }
#define TIME(type, name, member)                                                                                       \
    {                                                                                                                  \
        name, FIELD_TIME, offsetof(struct wire_##type, member)                                                         \
    }
#define RAW(type, name, member)                                                                                        \
    {                                                                                                                  \
        name, FIELD_RAW, offsetof(struct wire_##type, member)                                                          \
    }
#define OBJECT(type, name, member, what)                                                                               \
    {                                                                                                                  \
        name, FIELD_OBJECT, offsetof(struct wire_##type, member), .of = &(what)                                        \
    }
#define INT(type, name, member)                                                                                        \
    {                                                                                                                  \
        name, FIELD_INT, offsetof(struct wire_##type, member), offsetof(struct wire_##type, has_##member)              \
    }
#define BOOL(type, name, member)                                                                                       \
    {                                                                                                                  \
        name, FIELD_BOOL, offsetof(struct wire_##type, member), offsetof(struct wire_##type, has_##member)             \
    }
#define LIST(type, name, member, number, what)                                                                         \
    {                                                                                                                  \
        name, FIELD_LIST, offsetof(struct wire_##type, member), offsetof(struct wire_##type, number), &(what)          \
    }

static const struct field owner_fields[] = {
    STRING(owner, "apiVersion", api_version),
    STRING(owner, "kind", kind),
    STRING(owner, "name", name),
    STRING(owner, "uid", uid),
    BOOL(owner, "controller", controller),
};
static const struct fields owner_type = TABLE(owner);

static const struct field labels_fields[] = {
    STRING(labels, LABEL_MANAGED_BY, managed_by),
    STRING(labels, LABEL_OWNER_UID, owner_uid),
    STRING(labels, LABEL_ROLE, role),
    STRING(labels, LABEL_INDEX, index),
    STRING(labels, LABEL_ATTEMPT, attempt),
};
static const struct fields labels_type = TABLE(labels);

static const struct field annotations_fields[] = {
    STRING(annotations, ANNOTATION_HASH, hash),
    STRING(annotations, ANNOTATION_REQUESTED, requested_at),
};
static const struct fields annotations_type = TABLE(annotations);

static const struct field metadata_fields[] = {
    STRING(metadata, "name", name),
    STRING(metadata, "namespace", namespace),
    STRING(metadata, "uid", uid),
    STRING(metadata, "resourceVersion", resource_version),
    INT(metadata, "generation", generation),
    TIME(metadata, "creationTimestamp", created_at),
    TIME(metadata, "deletionTimestamp", deleted_at),
    OBJECT(metadata, "labels", labels, labels_type),
    OBJECT(metadata, "annotations", annotations, annotations_type),
    LIST(metadata, "ownerReferences", owners, owner_count, owner_type),
    { "finalizers",
      FIELD_STRINGS,
      offsetof(struct wire_metadata, finalizers),
      offsetof(struct wire_metadata, finalizer_count) },
};
static const struct fields metadata_type = TABLE(metadata);

static const struct field object_fields[] = {
    OBJECT(object, "metadata", metadata, metadata_type),
    RAW(object, "spec", spec),
    RAW(object, "status", status),
};
const struct fields wire_object_type = TABLE(object);

static const struct field condition_fields[] = {
    STRING(condition, "type", type),
    STRING(condition, "status", status),
    STRING(condition, "reason", reason),
    STRING(condition, "message", message),
    TIME(condition, "lastTransitionTime", changed_at),
};
static const struct fields condition_type = TABLE(condition);

static const struct field terminated_fields[] = {
    INT(terminated, "exitCode", exit_code),      STRING(terminated, "reason", reason),
    STRING(terminated, "message", message),      TIME(terminated, "startedAt", started_at),
    TIME(terminated, "finishedAt", finished_at),
};
static const struct fields terminated_type = TABLE(terminated);

static const struct field waiting_fields[] = {
    STRING(waiting, "reason", reason),
    STRING(waiting, "message", message),
};
static const struct fields waiting_type = TABLE(waiting);

static const struct field running_fields[] = {
    TIME(running, "startedAt", started_at),
};
static const struct fields running_type = TABLE(running);

static const struct field state_fields[] = {
    OBJECT(state, "running", running, running_type),
    OBJECT(state, "terminated", terminated, terminated_type),
    OBJECT(state, "waiting", waiting, waiting_type),
};
static const struct fields state_type = TABLE(state);

static const struct field container_status_fields[] = {
    STRING(container_status, "name", name),
    OBJECT(container_status, "state", state, state_type),
    OBJECT(container_status, "lastState", last_state, state_type),
    INT(container_status, "restartCount", restarts),
};
static const struct fields container_status_type = TABLE(container_status);

static const struct field pod_status_fields[] = {
    STRING(pod_status, "phase", phase),
    STRING(pod_status, "reason", reason),
    STRING(pod_status, "message", message),
    TIME(pod_status, "startTime", started_at),
    LIST(pod_status, "conditions", conditions, condition_count, condition_type),
    LIST(pod_status, "containerStatuses", containers, container_count, container_status_type),
    LIST(pod_status, "initContainerStatuses", init_containers, init_container_count, container_status_type),
};
const struct fields wire_pod_status_type = TABLE(pod_status);

static const struct field pod_spec_fields[] = {
    STRING(pod_spec, "nodeName", node),
};
const struct fields wire_pod_spec_type = TABLE(pod_spec);

static const struct field reference_fields[] = {
    STRING(reference, "name", name),
};
static const struct fields reference_type = TABLE(reference);

static const struct field mention_fields[] = {
    OBJECT(mention, "dataSetRef", data_set, reference_type),
    OBJECT(mention, "modelRef", model, reference_type),
};
static const struct fields mention_type = TABLE(mention);

static const struct field mentions_fields[] = {
    LIST(mentions, "data", data, data_count, mention_type),
    LIST(mentions, "outputs", outputs, output_count, mention_type),
    OBJECT(mentions, "modelRef", model, reference_type),
};
const struct fields wire_mentions_type = TABLE(mentions);

static const struct field revision_fields[] = {
    STRING(revision, "model", model),
};
static const struct fields revision_type = TABLE(revision);

static const struct field served_fields[] = {
    LIST(served, "revisions", revisions, revision_count, revision_type),
};
const struct fields wire_served_type = TABLE(served);
