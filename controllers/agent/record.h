#pragma once
/*
 * What a status remembers of a kind of run (sync, removal): the one under way, else the last one. Begun by
 * writing it down; ended by what its Job said.
 */

#include <jansson.h>

#include "run.h"

enum record_phase { RECORD_NONE, RECORD_RUNNING, RECORD_SUCCEEDED, RECORD_FAILED };

struct record {
    enum record_phase phase;
    int number; /* of the runs that we began */
    const char *run;
    const char *spec_hash, *requested_at; /* what it was begun for; NULL: not said */
    int64_t start_time, completion_time;
    const char *reason, *message;
    int64_t objects, bytes, fetched_bytes; /* of the last success */
};

/* Any of the generated structs of that shape; NULL: none yet. */
#define RECORD(status)                                                                                                 \
    (!(status) ? (struct record){ 0 }                                                                                  \
               : (struct record){ (enum record_phase)(status)->phase,                                                  \
                                  (int)(status)->number,                                                               \
                                  (status)->run,                                                                       \
                                  (status)->spec_hash,                                                                 \
                                  (status)->requested_at,                                                              \
                                  (status)->start_time,                                                                \
                                  (status)->completion_time,                                                           \
                                  (status)->reason,                                                                    \
                                  (status)->message,                                                                   \
                                  (status)->objects,                                                                   \
                                  (status)->bytes,                                                                     \
                                  (status)->fetched_bytes })

/* Begins the next run, named <object>-<what>-<number>; what the last success found is kept. */
void record_begin(struct record *record, const struct observed *in, const char *what, const char *spec_hash);

/* Ends it as its Job did. */
void record_end(struct record *record, const struct observed *in, const struct run *run);

/* It went well, and is of no use all the same. Texts are borrowed. */
void record_fail(struct record *record, const char *reason, const char *message);

/* The reason when a Job has succeeded and nobody knows what it found: worth another run at once. */
#define REASON_RESULT_LOST "ResultLost"

/* For the status; NULL when there is none. The caller owns it. */
json_t *record_status(const struct record *record, struct arena *arena);
