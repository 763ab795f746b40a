#pragma once
/* Scheduler, kubelets and nodes: what really becomes of a pod, and what they say about it in its status. */

#include "server.h"

enum life_end { LIFE_OPEN, LIFE_SUCCEEDED, LIFE_FAILED };

/* The truth about one pod of a job, kept when the pod is gone. */
struct life {
    struct life *next;
    struct thing *thing;
    char *job_uid, *role;
    int index, attempt;
    int node;            /* -1: none yet */
    bool running, ended; /* its container */
    bool forever;        /* it only ends when it is stopped */
    bool evicted, disrupted;
    int exit_code;
    const char *reason;
    int64_t started_at, finished_at; /* seconds since 1970 */
    bool seen_running;               /* the API has said so */
    enum life_end seen;              /* ... and this */
    bool stripped;                   /* a person took our finalizer off */
    bool released;                   /* the operator did */
    bool was_invisible;              /* a person took our label off, maybe while nobody watched */
};

/* A new pod, and one that has begun to be deleted; others than pods of jobs are nobody's business here. */
void kubelet_added(struct world *world, struct thing *thing);
void kubelet_deleting(struct world *world, struct thing *thing);

void node_trouble(struct world *world); /* a node stops; its pods are evicted, and it comes back or is removed */

/* A pod is disrupted from outside, as a drain does it. */
void kubelet_disrupt(struct world *world, struct thing *thing);

struct life *life_of(const struct world *world, const char *job_uid, const char *role, int index); /* the newest one */
void lives_finish(struct world *world);
