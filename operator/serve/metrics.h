#pragma once
/*
 * Prometheus text exposition (version 0.0.4), written straight from the numbers that their owners keep. Pure: there is
 * no registry and no lock; whoever owns a number writes it out.
 */

#include <stdint.h>

#include "../base/strbuf.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* The two lines before the samples of a family. */
void metrics_family(struct strbuf *out, const char *name, enum metric_type type, const char *help);

/* One sample; labels are "key=\"value\",..." without braces, "" for none. Values come from metrics_label. */
void metrics_sample(struct strbuf *out, const char *name, const char *labels, double value);

/* Appends key="value" to labels, with a comma where one is due and the value escaped. */
void metrics_label(struct strbuf *labels, const char *key, const char *value);

enum { HISTOGRAM_BUCKETS = 12 };

/* Durations in seconds: 1 ms to 2 s in doublings, and above. */
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS + 1];
    double sum;
};

void histogram_add(struct histogram *histogram, double seconds);
void metrics_histogram(struct strbuf *out, const char *name, const char *labels, const struct histogram *histogram);
