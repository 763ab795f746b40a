#pragma once
/*
 * What we know of a Kubernetes object: the few fields that decisions need, in one allocation, never changed once made.
 * A custom resource keeps its spec and status as JSON text, to be decoded in a pass; a pod keeps a summary.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/arena.h"
#include "../base/error.h"
#include "../base/slice.h"

enum kind {
    KIND_TRAINING_JOB,
    KIND_POD,
    KIND_SERVICE,
    KIND_SECRET,
    KIND_CLAIM,
    KIND_COUNT,
};

/* Labels that we put on every child, and the finalizer that keeps a pod until its outcome is in its owner's status. */
#define LABEL_MANAGED_BY       "app.kubernetes.io/managed-by"
#define LABEL_MANAGED_BY_VALUE "kitae"
#define LABEL_OWNER_UID        "kitae.dev/owner-uid"
#define LABEL_ROLE             "kitae.dev/role"
#define LABEL_INDEX            "kitae.dev/index"
#define LABEL_ATTEMPT          "kitae.dev/attempt"
#define ANNOTATION_HASH        "kitae.dev/applied-hash"
#define FINALIZER_RECORD       "kitae.dev/record"

enum pod_phase { POD_PENDING, POD_RUNNING, POD_SUCCEEDED, POD_FAILED };

/* The summary of a pod's status. Strings are "" when absent. */
struct pod {
    enum pod_phase phase;
    bool ready;
    bool unschedulable; /* PodScheduled is False with reason Unschedulable */
    bool disrupted;     /* has a DisruptionTarget condition that is True */
    bool ended;         /* a container has terminated; the next four tell of the one that matters */
    int exit_code;      /* of the earliest failing app container, else of an init container; 0 when none failed */
    int64_t started_at; /* seconds since 1970, 0: not yet */
    int64_t finished_at;
    const char *end_reason;  /* OOMKilled, Error, Completed, ...; the pod's own reason (Evicted) when it has one */
    const char *end_message; /* the termination message, at most its last 1024 bytes */
    const char *wait_reason; /* why a container waits (ImagePullBackOff, ...), or why the pod is unschedulable */
    const char *wait_message;
    const char *node;
};

struct object {
    enum kind kind;
    const char *namespace; /* these and all other strings lie inside the allocation */
    const char *name;
    const char *uid;
    const char *owner_uid; /* of the controller; "" when there is none */
    const char *owner_name;
    enum kind owner_kind; /* KIND_COUNT: none, or not one of ours */
    uint64_t version;     /* resourceVersion (an integer, KEP-5504) */
    int64_t generation;
    int64_t created_at;      /* seconds since 1970 */
    int64_t deleted_at;      /* 0: not being deleted */
    bool recorded_finalizer; /* carries FINALIZER_RECORD */
    bool managed;            /* carries our managed-by label */
    int index;               /* of the identity labels; -1, 0 and "" when they are not there */
    int attempt;
    const char *role;
    const char *hash;    /* ANNOTATION_HASH, "" when absent */
    struct slice spec;   /* all but pods: JSON text, NUL-terminated */
    struct slice status; /* custom resources: likewise; data NULL when the object has none */
    struct pod pod;      /* KIND_POD */
    uint32_t mark;       /* the store's: which list saw it last */
};

/*
 * Decodes the object at text, as the API server sends it, on the heap; free it with object_destroy. The kind is what
 * the caller asked the server for; the text need not repeat it. ERROR_INVALID when it is not an object we can use.
 */
int object_decode(enum kind kind, struct slice text, struct object **ret_object, struct error *err) must_check;
void object_destroy(struct object *object); /* NULL is fine */

/* Bytes of the allocation, for the memory metric. */
size_t object_size(const struct object *object);

/* Facts about a kind: one row each of a table. */
struct kind_info {
    const char *kind;  /* Pod */
    const char *group; /* "" for the core group */
    const char *version;
    const char *plural; /* pods */
    const char *name;   /* for messages and metrics: pod */
    bool child;         /* ours to create: watched by our managed-by label */
    bool unseen;        /* only ever created: never read, listed or watched */
};
const struct kind_info *kind_info(enum kind kind);

/* "v1" or "group/version"; static. */
const char *kind_api_version(enum kind kind);

/* The kind with this apiVersion and kind; KIND_COUNT when it is none of ours. */
enum kind kind_find(const char *api_version, const char *kind);
