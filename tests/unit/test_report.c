#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "../../operator/engine/log.h"
#include "../../operator/engine/report.h"
#include "engine_fixture.h"

static void request__answered__is_counted_as_client_go_does(void **state)
{
    auto_strbuf struct strbuf out = { 0 }, wanted = { 0 };
    struct engine_fixture fixture;

    (void)state;
    fixture_init(&fixture, (struct engine_options){ .host = "10.96.0.1:443" });
    assert_true(fixture.refused > 0);
    report_metrics(fixture.engine, &out);
    strbuf_addf(&wanted,
                "# TYPE rest_client_requests_total counter\n"
                "rest_client_requests_total{code=\"503\",host=\"10.96.0.1:443\",method=\"GET\"} %d\n",
                fixture.refused);
    assert_contains(strbuf_text(&out), strbuf_text(&wanted));
    fixture_finish(&fixture);
}

static void request__without_answer__has_a_code_of_its_own(void **state)
{
    auto_strbuf struct strbuf out = { 0 };
    struct engine_fixture fixture;

    (void)state;
    fixture_init(&fixture,
                 (struct engine_options){
                     .host = "[::1]:6443", .leader_elect = true, .lease_namespace = "a", .identity = "me" });
    fixture_answer(&fixture, 0, "");
    report_metrics(fixture.engine, &out);
    assert_contains(strbuf_text(&out),
                    "rest_client_requests_total{code=\"<error>\",host=\"[::1]:6443\",method=\"GET\"} 1\n");
    fixture_finish(&fixture);
}

/* A wrong field of /proc/self/stat is years away, or makes the difference negative. */
static void process__name_with_spaces_and_brackets__start_is_found(void **state)
{
    static const char sample[] = "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ";
    auto_strbuf struct strbuf out = { 0 };
    struct engine_fixture fixture;
    const char *at;
    double age;

    (void)state;
    fixture_init(&fixture, (struct engine_options){ 0 });
    prctl(PR_SET_NAME, "a) (b 1 2 3");
    report_metrics(fixture.engine, &out);
    at = strstr(strbuf_text(&out), sample);
    assert_non_null(at);
    age = (double)time(NULL) - strtod(at + sizeof(sample) - 1, NULL);
    if (age < -2 || age > 600)
        fail_msg("the process is said to be %g s old", age);
    fixture_finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request__answered__is_counted_as_client_go_does),
        cmocka_unit_test(request__without_answer__has_a_code_of_its_own),
        cmocka_unit_test(process__name_with_spaces_and_brackets__start_is_found),
    };

    log_setup(LOG_OFF, LOG_LOGFMT);
    return RUN_TESTS(tests);
}
