#pragma once
/*
 * Deployments as the cluster carries them out: their pods come and go one by one, become ready or do not, as their
 * image is, and the status tells of it later.
 */

#include "server.h"

/* Images are called "reg/serve:0" and so on; how good each is, the seed decides. The first two are always good. */
enum { IMAGES = 6, GOOD_IMAGES = 2 };

enum quality {
    QUALITY_GOOD,
    QUALITY_ERRORS,      /* ready, and answers 500 */
    QUALITY_SLOW,        /* ready, and answers too late */
    QUALITY_BAD_NUMBERS, /* answers well, and Prometheus knows better */
    QUALITY_NEVER_READY,
    QUALITY_CRASHES, /* again and again */
};

/* A pod of a Deployment. */
struct replica {
    struct replica *next; /* of the same Deployment, newest first, also those that are gone */
    struct workload *workload;
    struct thing *thing;
    bool placed, running, ready;
    int restarts;
    int64_t ready_at, running_at; /* seconds since 1970 */
    const char *trouble;          /* why its container waits; NULL: it does not */
};

/* How many pods of a Deployment were available from then on. */
struct sample {
    int64_t at;
    int available;
};

struct workload {
    struct workload *next; /* newest first */
    struct thing *thing;
    struct replica *replicas;
    char uid[32]; /* of its ReplicaSet */
    unsigned made;
    bool step_due, report_due;
    struct sample *samples;
    size_t sample_count, sample_capacity;
};

/* Something became of an object; called for every change of anything. */
void workloads_notice(struct world *world, struct thing *thing);

void workloads_pod_deleting(struct world *world, struct thing *pod);

/* Something befalls a pod of some Deployment. */
void workloads_trouble(struct world *world);

/* Somebody who is not the operator scales a Deployment. */
void workload_scale(struct world *world, struct thing *deployment, int replicas);

int workload_wanted(const struct thing *deployment); /* spec.replicas */
int workload_ready(const struct workload *workload); /* pods that serve, now */
int workload_live(const struct workload *workload);  /* pods that are there and stay */

/* The most pods that were available at once since then; the least that were. */
int workload_most_since(const struct workload *workload, int64_t since);
int workload_least_since(const struct workload *workload, int64_t since);

enum quality workload_quality(const struct world *world, const json_t *template);

/* Pods that serve of all that carry the labels of a Service's selector. */
int workloads_behind(const struct world *world, const struct thing *service);

void workloads_finish(struct world *world);
