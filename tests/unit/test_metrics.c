#include "../../operator/base/memory.h"
#include "../../operator/serve/metrics.h"
#include "unit.h"

static void sample__with_and_without_labels__is_written(void **state)
{
    auto_strbuf struct strbuf out = { 0 }, labels = { 0 };

    (void)state;
    metrics_family(&out, "a_total", METRIC_COUNTER, "What it counts.");
    metrics_sample(&out, "a_total", "", 3);
    metrics_label(&labels, "kind", "pod");
    metrics_label(&labels, "code", "200");
    metrics_sample(&out, "a_total", strbuf_text(&labels), 1e15);
    assert_string_equal(strbuf_text(&out),
                        "# HELP a_total What it counts.\n"
                        "# TYPE a_total counter\n"
                        "a_total 3\n"
                        "a_total{kind=\"pod\",code=\"200\"} 1000000000000000\n");
}

static void label__special_characters__are_escaped(void **state)
{
    auto_strbuf struct strbuf labels = { 0 };

    (void)state;
    metrics_label(&labels, "a", "quote \" slash \\ line \n end");
    assert_string_equal(strbuf_text(&labels), "a=\"quote \\\" slash \\\\ line \\n end\"");
}

static void histogram__is_cumulative(void **state)
{
    static const double seconds[] = { 0.0005, 0.001, 0.0015, 0.1, 1.0, 100 };
    auto_strbuf struct strbuf out = { 0 };
    struct histogram histogram = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(seconds); i++)
        histogram_add(&histogram, seconds[i]);
    metrics_histogram(&out, "t_seconds", "verb=\"GET\"", &histogram);
    assert_contains(strbuf_text(&out), "t_seconds_bucket{verb=\"GET\",le=\"0.001\"} 2\n");
    assert_contains(strbuf_text(&out), "t_seconds_bucket{verb=\"GET\",le=\"0.002\"} 3\n");
    assert_contains(strbuf_text(&out), "t_seconds_bucket{verb=\"GET\",le=\"0.128\"} 4\n");
    assert_contains(strbuf_text(&out), "t_seconds_bucket{verb=\"GET\",le=\"2.048\"} 5\n");
    assert_contains(strbuf_text(&out), "t_seconds_bucket{verb=\"GET\",le=\"+Inf\"} 6\n");
    assert_contains(strbuf_text(&out), "t_seconds_sum{verb=\"GET\"} 101.10");
    assert_contains(strbuf_text(&out), "t_seconds_count{verb=\"GET\"} 6\n");
    strbuf_clear(&out);
    metrics_histogram(&out, "t_seconds", "", &histogram);
    assert_contains(strbuf_text(&out), "t_seconds_bucket{le=\"0.001\"} 2\n");
    assert_contains(strbuf_text(&out), "\nt_seconds_count 6\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample__with_and_without_labels__is_written),
        cmocka_unit_test(label__special_characters__are_escaped),
        cmocka_unit_test(histogram__is_cumulative),
    };

    return RUN_TESTS(tests);
}
