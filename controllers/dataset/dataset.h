#pragma once
/* DataSet: data in S3, fetched and verified by Jobs that run kitae-agent, kept as versions. */

#include "../../operator/model/controller.h"
#include "../agent/catalog.h"
#include "../agent/record.h"
#include "dataset_fields.h"

extern const struct controller dataset_controller;

#define DATA_PATH "/data" /* of the volume in our own pods */

/* Somebody who has pinned a version and still needs it. */
struct user {
    const struct object *object;
    const char *digest;
};

/* One DataSet in one pass: what is, and what this plan makes of it. */
struct set {
    const struct observed *in;
    const struct dataset_spec *spec;
    const struct dataset_status *status;
    struct arena *arena;
    struct catalog catalog;
    struct user *users;
    int user_count;
    struct record sync, removal;
    struct run run;         /* of sync */
    struct run removal_run; /* of removal */
    const char *spec_hash;
    const char *refused;     /* a field that is not there yet, and what to do; NULL: none */
    struct run_result found; /* of the sync that this plan takes down */
    bool found_version;      /* it is a version that was not there */
    bool is_full;            /* a version that could not be added */
};

/* volume.c: a claim that is the same for every DataSet of that name. */
const char *dataset_claim_name(struct arena *arena, const char *dataset);
json_t *dataset_claim_body(const struct observed *in, const struct identity *identity);
void mount_data(const struct observed *in, json_t *container, json_t *pod_spec); /* at DATA_PATH, for writing */

/* sync.c */
void end_sync(struct set *set);                          /* takes down how the run that was begun went */
void begin_sync(struct set *set, struct plan *out);      /* another, when it is time */
void want_sync(const struct set *set, struct plan *out); /* the volume, the Job, the CronJob */

/* removal.c */
void decide_removal(struct set *set, struct plan *out);
void want_removal(const struct set *set, struct plan *out);

void drop_runs(const struct set *set, const char *role, int before, struct plan *out); /* older than that number */

/* users.c */
void find_users(struct set *set);
bool version_is_used(const struct set *set, const struct version *version); /* or has a tag */
const char *user_text(const struct set *set, int i);                        /* "TrainingJob/ranking" */

/* status.c */
void say_dataset_status(const struct set *set, struct plan *out);

/* goodbye.c: the DataSet is being deleted. */
void say_goodbye(struct set *set, struct plan *out);
