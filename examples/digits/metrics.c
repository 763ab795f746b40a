#include "metrics.h"

#include <inttypes.h>

/* Upper bounds; the last bucket has none. */
static const struct {
    int64_t microseconds;
    const char *seconds;
} BOUNDS[METRICS_BUCKETS - 1] = {
    { 500, "0.0005" },  { 1000, "0.001" },  { 2500, "0.0025" }, { 5000, "0.005" },  { 10000, "0.01" },
    { 25000, "0.025" }, { 50000, "0.05" },  { 100000, "0.1" },  { 250000, "0.25" }, { 500000, "0.5" },
    { 1000000, "1" },   { 2500000, "2.5" }, { 10000000, "10" },
};

void metrics_count(struct metrics *metrics, int status, int64_t microseconds)
{
    size_t bucket = 0;

    while (bucket < METRICS_BUCKETS - 1 && microseconds > BOUNDS[bucket].microseconds)
        bucket++;
    metrics->buckets[bucket]++;
    metrics->sum_microseconds += microseconds;
    metrics->requests[http_status_index(status)]++;
}

/* Codes that have not been answered yet are there too, at 0: rate() of a series misses the step to its first value. */
static void write_requests(const struct metrics *metrics, struct text *text)
{
    text_add(text,
             "# HELP http_requests_total Requests answered, by code; not those to /healthz and /metrics.\n"
             "# TYPE http_requests_total counter\n");
    for (size_t i = 0; i < HTTP_STATUS_COUNT; i++)
        text_add(text, "http_requests_total{code=\"%d\"} %" PRIu64 "\n", HTTP_STATUSES[i].code, metrics->requests[i]);
}

void metrics_write(const struct metrics *metrics, struct text *text)
{
    static const char name[] = "http_request_duration_seconds";
    uint64_t total = 0;

    write_requests(metrics, text);
    text_add(text,
             "# HELP %s From a request's first byte to the last of its answer.\n"
             "# TYPE %s histogram\n",
             name,
             name);
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        const char *bound = i < METRICS_BUCKETS - 1 ? BOUNDS[i].seconds : "+Inf";

        total += metrics->buckets[i];
        text_add(text, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name, bound, total);
    }
    text_add(text, "%s_sum %.6f\n", name, (double)metrics->sum_microseconds / 1e6);
    text_add(text, "%s_count %" PRIu64 "\n", name, total);
}
