#include "metrics.h"

#include <inttypes.h>

void metrics_family(struct strbuf *out, const char *name, enum metric_type type, const char *help)
{
    static const char *const types[] = { "counter", "gauge", "histogram" };

    strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

void metrics_sample(struct strbuf *out, const char *name, const char *labels, double value)
{
    if (*labels)
        strbuf_addf(out, "%s{%s} %.17g\n", name, labels, value);
    else
        strbuf_addf(out, "%s %.17g\n", name, value);
}

void metrics_label(struct strbuf *labels, const char *key, const char *value)
{
    strbuf_addf(labels, "%s%s=\"", labels->length ? "," : "", key);
    for (; *value; value++) {
        if (*value == '\n')
            strbuf_adds(labels, "\\n");
        else if (*value == '"' || *value == '\\')
            strbuf_addf(labels, "\\%c", *value);
        else
            strbuf_addc(labels, *value);
    }
    strbuf_addc(labels, '"');
}

static double upper_bound(int bucket)
{
    return 0.001 * (double)(1 << bucket);
}

void histogram_add(struct histogram *histogram, double seconds)
{
    int bucket = 0;

    while (bucket < HISTOGRAM_BUCKETS && seconds > upper_bound(bucket))
        bucket++;
    histogram->counts[bucket]++;
    histogram->sum += seconds;
}

void metrics_histogram(struct strbuf *out, const char *name, const char *labels, const struct histogram *histogram)
{
    const char *comma = *labels ? "," : "";
    uint64_t total = 0;

    for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        total += histogram->counts[bucket];
        strbuf_addf(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, labels, comma, upper_bound(bucket), total);
    }
    total += histogram->counts[HISTOGRAM_BUCKETS];
    strbuf_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, total);
    strbuf_addf(out, *labels ? "%s_sum{%s} %.17g\n" : "%s_sum%s %.17g\n", name, labels, histogram->sum);
    strbuf_addf(out, *labels ? "%s_count{%s} %" PRIu64 "\n" : "%s_count%s %" PRIu64 "\n", name, labels, total);
}
