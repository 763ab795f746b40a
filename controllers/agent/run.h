#pragma once
/*
 * Jobs (batch/v1) that run kitae-agent: how they went. Retries are the Job's own; its pods say in their termination
 * message what they did or why they could not.
 */

#include "../../operator/model/observed.h"

/* What the agent says at its end, success or failure. Strings are NULL where it does not say. */
struct run_result {
    const char *digest; /* 64 hexadecimal digits */
    int64_t objects, bytes, fetched_bytes, removed, changed;
    bool has_objects, has_bytes, has_fetched_bytes, has_removed, has_changed;
    const char *reason, *message; /* of a failure: CamelCase, and a sentence that says what to do */
};

enum run_state {
    RUN_ABSENT,  /* no such Job, or it is on its way out */
    RUN_WAITING, /* no pod of it runs: `message` tells why, when that is known */
    RUN_ACTIVE,
    RUN_SUCCEEDED,
    RUN_FAILED, /* for good: what could be tried again was */
};

struct run {
    enum run_state state;
    const struct object *job;
    const struct object *pod;        /* its last one; NULL: none, or it is gone */
    int64_t started_at, finished_at; /* seconds since 1970; 0: not yet */
    struct run_result result;        /* of its last pod that ended */
    const char *message;             /* what it waits for, why it failed; "" when nobody says */
};

/* The Job of this name among the children, or among the grandchildren (a CronJob's); in the arena of `in`. */
void run_observe(const struct observed *in, const char *name, struct run *ret);
