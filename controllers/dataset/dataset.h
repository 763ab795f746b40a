#pragma once
/* DataSet: data in S3, fetched and verified by Jobs that run kitae-agent, kept as versions. */

#include "../../operator/model/controller.h"
#include "../agent/versioned.h"
#include "dataset_fields.h"

extern const struct controller dataset_controller;

#define DATA_PATH "/data" /* of the volume in our own pods */

/* One DataSet in one pass. */
struct set {
    struct versioned kept;
    const struct observed *in;
    const struct dataset_spec *spec;
    const struct dataset_status *status;
    struct arena *arena;
    const char *spec_hash;
    struct run_result found; /* of the sync that this plan takes down */
};

/* volume.c: a claim that is the same for every DataSet of that name. */
const char *dataset_claim_name(struct arena *arena, const char *dataset);
json_t *dataset_claim(const struct dataset_spec *spec, const char *dataset);
json_t *dataset_claim_body(const struct observed *in, const struct identity *identity);
void mount_data(const struct observed *in, json_t *container, json_t *pod_spec); /* at DATA_PATH, for writing */

/* sync.c */
void end_sync(struct set *set);                          /* takes down how the run that was begun went */
void begin_sync(struct set *set, struct plan *out);      /* another, when it is time */
void want_sync(const struct set *set, struct plan *out); /* the volume, the Job, the CronJob */
json_t *dataset_removal_body(const struct observed *in, const struct identity *identity);

/* status.c */
void say_dataset_status(const struct set *set, struct plan *out);
