#pragma once
/* How far a run of kitae-agent is, as its pod reports it: agent/report.c says how. */

#include <jansson.h>

#include "run.h"

struct transfer {
    bool known;
    int64_t objects, bytes;
    int64_t total_objects, total_bytes; /* 0: not known yet */
    int64_t bytes_per_second;
};

/* The generated struct of a status' field; NULL: none. */
#define TRANSFER(status)                                                                                               \
    (!(status) ? (struct transfer){ 0 }                                                                                \
               : (struct transfer){ true,                                                                              \
                                    (status)->objects,                                                                 \
                                    (status)->bytes,                                                                   \
                                    (status)->total_objects,                                                           \
                                    (status)->total_bytes,                                                             \
                                    (status)->bytes_per_second })

/* What the run's pod said last; `before`, from the status, when this operator has not heard of it yet. */
struct transfer transfer_observe(const struct observed *in, const struct run *run, struct transfer before);

/* "12 of 40 objects, 1.2Gi of 12Gi, 35Mi a second, about 5 minutes left" */
const char *transfer_text(const struct transfer *transfer, struct arena *arena);
const char *transfer_brief(const struct transfer *transfer, struct arena *arena); /* "42%", "1.2Gi" */
json_t *transfer_status(const struct transfer *transfer);                         /* NULL when nothing is known */
