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
    KIND_DATA_SET,
    KIND_MODEL,
    KIND_SERVING_ENDPOINT,
    KIND_POD,
    KIND_SERVICE,
    KIND_JOB, /* batch/v1 */
    KIND_CRON_JOB,
    KIND_DEPLOYMENT,
    KIND_AUTOSCALER, /* HorizontalPodAutoscaler */
    KIND_BUDGET,     /* PodDisruptionBudget */
    KIND_HTTP_ROUTE, /* of Gateway API, as the next */
    KIND_GRPC_ROUTE,
    KIND_SECRET,
    KIND_CLAIM,
    KIND_COUNT,
};

/*
 * Labels that we put on every child, the finalizer that keeps a pod until its outcome is in its owner's status, and the
 * one that keeps an object of ours while others use it.
 */
#define LABEL_MANAGED_BY       "app.kubernetes.io/managed-by"
#define LABEL_MANAGED_BY_VALUE "kitae"
#define LABEL_OWNER_UID        "kitae.dev/owner-uid"
#define LABEL_ROLE             "kitae.dev/role"
#define LABEL_INDEX            "kitae.dev/index"
#define LABEL_ATTEMPT          "kitae.dev/attempt"
#define ANNOTATION_HASH        "kitae.dev/applied-hash"
#define ANNOTATION_REQUESTED   "kitae.dev/requested-at" /* the user's own: run again */
#define FINALIZER_RECORD       "kitae.dev/record"
#define FINALIZER_IN_USE       "kitae.dev/in-use"

enum pod_phase { POD_PENDING, POD_RUNNING, POD_SUCCEEDED, POD_FAILED };

/* How a pod of a grandchild came up, step by step; seconds since 1970, 0: not yet. Strings are "" when absent. */
struct pod_start {
    int64_t scheduled_at;
    int64_t fetch_started_at, fetch_finished_at; /* of the first init container */
    int64_t running_at;                          /* the last of its containers was started */
    int64_t ready_at;                            /* the last time that it became so; 0 also when it is not any more */
    int restarts;                                /* of all its containers */
    const char *fetch_message; /* what the first init container said at its end, the last one when there are several */
    const char *crash_message; /* of the container that ended last and is, or will be, started again; the reason when it
                                  said nothing (OOMKilled) */
    int crash_code;            /* likewise: its exit code */
};

/* The summary of a pod's status. Strings are "" when absent. */
struct pod {
    enum pod_phase phase;
    bool ready;
    bool unschedulable; /* PodScheduled is False with reason Unschedulable */
    bool disrupted;     /* has a DisruptionTarget condition that is True */
    bool ended;         /* a container has terminated; the next four tell of the one that matters */
    int exit_code;      /* of the earliest failing app container, else of an init container; 0 when none failed */
    int64_t taken_at;   /* when its node took it, and it holds what it asked for; seconds since 1970, 0: not yet */
    int64_t started_at; /* the container that tells; seconds since 1970, 0: not yet */
    int64_t finished_at;
    const char *end_reason;  /* OOMKilled, Error, Completed, ...; the pod's own reason (Evicted) when it has one */
    const char *end_message; /* the termination message, at most its last 1024 bytes */
    const char *wait_reason; /* why a container waits (ImagePullBackOff, ...), or why the pod is unschedulable */
    const char *wait_message;
    const char *node;
    const struct pod_start *start; /* only of pods of Deployments; else NULL */
};

struct object {
    enum kind kind;
    const char *namespace; /* these and all other strings lie inside the allocation */
    const char *name;
    const char *uid;
    const char *owner_uid; /* of the controller; "" when there is none */
    const char *owner_name;
    enum kind owner_kind;        /* KIND_COUNT: none, or not one of ours */
    const char *grandparent_uid; /* LABEL_OWNER_UID where the controller is not that object but a child of it: a pod of
                                    a Job, a Job of a CronJob; else "" */
    uint64_t version;            /* resourceVersion (an integer, KEP-5504) */
    int64_t generation;
    int64_t created_at;      /* seconds since 1970 */
    int64_t deleted_at;      /* 0: not being deleted */
    bool recorded_finalizer; /* carries FINALIZER_RECORD */
    bool in_use_finalizer;   /* carries FINALIZER_IN_USE */
    bool managed;            /* carries our managed-by label */
    int index;               /* of the identity labels; -1, 0 and "" when they are not there */
    int attempt;
    const char *role;
    const char *hash;         /* ANNOTATION_HASH, "" when absent */
    const char *requested_at; /* ANNOTATION_REQUESTED, "" when absent */
    const char *references;   /* what a custom resource names, for object_next_reference */
    struct slice spec;        /* all but pods: JSON text, NUL-terminated */
    struct slice status;      /* kinds that keep it: likewise; data NULL when the object has none */
    struct pod pod;           /* KIND_POD */
    uint32_t mark;            /* the store's: which list saw it last */
};

/*
 * Decodes the object at text, as the API server sends it, on the heap; free it with object_destroy. The kind is what
 * the caller asked the server for; the text need not repeat it. ERROR_INVALID when it is not an object we can use.
 */
int object_decode(enum kind kind, struct slice text, struct object **ret_object, struct error *err) must_check;
void object_destroy(struct object *object); /* NULL is fine */

/* Bytes of the allocation, for the memory metric. */
size_t object_size(const struct object *object);

/*
 * The objects in the same namespace that the spec names by `...Ref`, and the Models whose versions a ServingEndpoint
 * serves by its status, each once. *at is NULL before the first call; false at the end. The name is borrowed from the
 * object.
 */
bool object_next_reference(const struct object *object, const char **at, enum kind *ret_kind, struct slice *ret_name);

struct fields;

/*
 * Decodes the JSON text of a spec or status by its table into the arena; text without data gives a zeroed struct.
 * ERROR_INVALID names the field, below `path`.
 */
int object_decode_part(const struct fields *type,
                       const char *path,
                       struct slice text,
                       struct arena *arena,
                       const void **ret,
                       struct error *err) must_check;

/* The same, NULL when it does not fit: for callers to whom that is as good as absent; its own pass tells people. */
const void *object_part(const struct fields *type, struct slice text, struct arena *arena);

/* Facts about a kind: one row each of a table. */
struct kind_info {
    const char *kind;  /* Pod */
    const char *group; /* "" for the core group */
    const char *version;
    const char *plural; /* pods */
    const char *name;   /* for messages and metrics: pod */
    bool child;         /* ours to create: watched by our managed-by label */
    bool unseen;        /* only ever created: never read, listed or watched */
    bool keeps_status;  /* its objects keep their status as text */
    bool optional;      /* many clusters do not have it, and do not miss it */
};
const struct kind_info *kind_info(enum kind kind);

/* "v1" or "group/version"; static. */
const char *kind_api_version(enum kind kind);

/* The kind with this apiVersion and kind; KIND_COUNT when it is none of ours. */
enum kind kind_find(const char *api_version, const char *kind);
