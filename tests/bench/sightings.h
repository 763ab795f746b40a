#pragma once
/*
 * What an observer has seen of jobs and their pods, and when: CLOCK_MONOTONIC nanoseconds. A job is known by its name,
 * and all that is made for it has a name that begins with that, whoever makes it and however many owners lie between.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../operator/base/map.h"
#include "../../operator/model/object.h"

struct seen_job {
    char *name;
    int64_t added, first_pod, last_running, running, finished; /* 0: not yet; running, finished: by its status */
    unsigned pods;
    unsigned at_work; /* of its pods: Running and not being deleted */
};

struct seen_pod {
    char *uid;
    int64_t running;
    bool at_work, leaving; /* now; leaving: is being deleted, or gone */
};

struct sightings {
    unsigned replicas;     /* pods that make a job whole; 0: does not matter */
    struct map jobs, pods; /* by name, by uid */
    int64_t first_job, last_job, first_pod, last_pod, last_running, last_job_running, last_job_finished, last_pod_gone;
    int64_t last_whole;  /* when a job had all its pods at work */
    unsigned jobs_whole; /* have them now */
    unsigned pods_left;  /* are being deleted or gone */
    unsigned jobs_added, jobs_running, jobs_finished, jobs_gone, pods_added, pods_running, pods_gone;
};

void sightings_init(struct sightings *seen);
void sightings_finish(struct sightings *seen);

/* An object was added or changed, or is gone; the type is the watch event's. */
void sightings_add(struct sightings *seen, const char *type, const struct object *object, int64_t now);

/* Everything as one object: times in ns, counts, and percentiles in ms. The caller owns it. */
json_t *sightings_report(const struct sightings *seen);
