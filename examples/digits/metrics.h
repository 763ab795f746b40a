#pragma once
/*
 * What is counted, in the text format of Prometheus. Only requests of users are: probes and scrapes would dilute the
 * share of errors, and before the model is loaded each probe would be one.
 */

#include <stdint.h>

#include "http.h"
#include "text.h"

enum { METRICS_BUCKETS = 14 };

struct metrics {
    uint64_t requests[HTTP_STATUS_COUNT]; /* by code, in the order of HTTP_STATUSES */
    uint64_t buckets[METRICS_BUCKETS];    /* of durations, each without those below */
    int64_t sum_microseconds;
};

/* One request was answered. Its duration: from its first byte to the last byte of the answer. */
void metrics_count(struct metrics *metrics, int status, int64_t microseconds);

void metrics_write(const struct metrics *metrics, struct text *text);
