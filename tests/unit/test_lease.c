#include "../../operator/base/jb.h"
#include "../../operator/engine/log.h"
#include "engine_fixture.h"

static const char lease_path[] = "/apis/coordination.k8s.io/v1/namespaces/kitae-system/leases/kitae-";

/* A Lease as the server would show it. */
static const char *lease_of(const char *holder, int version)
{
    static char text[256];

    snprintf(text,
             sizeof(text),
             "{\"metadata\":{\"resourceVersion\":\"%d\"},"
             "\"spec\":{\"holderIdentity\":\"%s\",\"leaseDurationSeconds\":15,\"leaseTransitions\":3}}",
             version,
             holder);
    return text;
}

static void expect_get(const struct engine_fixture *fixture)
{
    assert_non_null(fixture->request);
    assert_int_equal(fixture->request->method, HTTP_GET);
    assert_memory_equal(fixture->request->path, lease_path, strlen(lease_path));
}

/* That the lease is written, by whom it is then held, and over which version. */
static void expect_write(const struct engine_fixture *fixture,
                         enum http_method method,
                         const char *holder,
                         const char *version)
{
    json_auto_t *body = NULL;
    struct error err;

    assert_non_null(fixture->request);
    assert_int_equal(fixture->request->method, method);
    assert_int_equal(jb_parse(slice_of(fixture->request->body), &body, &err), 0);
    assert_string_equal(jb_get_str(jb_get(body, "spec"), "holderIdentity"), holder);
    assert_string_equal(jb_get_str(jb_get(body, "metadata"), "resourceVersion"), version);
}

static void start(struct engine_fixture *fixture)
{
    fixture_init(fixture,
                 (struct engine_options){ .leader_elect = true, .lease_namespace = "kitae-system", .identity = "me" });
}

/* Leads, by version 1 of the lease. */
static void start_leading(struct engine_fixture *fixture)
{
    start(fixture);
    expect_get(fixture);
    fixture_answer(fixture, 404, "");
    expect_write(fixture, HTTP_POST, "me", "");
    assert_false(engine_is_leader(fixture->engine));
    fixture_answer(fixture, 201, lease_of("me", 1));
    assert_true(engine_is_leader(fixture->engine));
    assert_null(fixture->request);
}

/* Told to stop while a renewal is under way; `status` is its answer. */
static void stop_while_renewing(struct engine_fixture *fixture, int status)
{
    start_leading(fixture);
    fixture_tick(fixture, 3000);
    expect_write(fixture, HTTP_PUT, "me", "1");
    fixture_event(fixture, EVENT_STOP, NULL);
    fixture_tick(fixture, 1);
    assert_false(engine_is_stopped(fixture->engine));
    fixture_answer(fixture, status, status == 200 ? lease_of("me", 2) : "");
}

static void stop__renewal_answered__lease_is_given_back(void **state)
{
    struct engine_fixture fixture;

    (void)state;
    stop_while_renewing(&fixture, 200);
    expect_write(&fixture, HTTP_PUT, "", "2");
    assert_false(engine_is_stopped(fixture.engine));
    fixture_answer(&fixture, 200, lease_of("", 3));
    assert_true(engine_is_stopped(fixture.engine));
    assert_false(engine_lost_lease(fixture.engine));
    fixture_finish(&fixture);
}

static void stop__renewal_without_answer__lease_is_read_then_given_back(void **state)
{
    static const int versions[] = { 1, 2 }; /* the renewal did not land, or did */

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        struct engine_fixture fixture;
        char version[16];

        snprintf(version, sizeof(version), "%d", versions[i]);
        stop_while_renewing(&fixture, 0);
        expect_get(&fixture);
        assert_false(engine_is_stopped(fixture.engine));
        fixture_answer(&fixture, 200, lease_of("me", versions[i]));
        expect_write(&fixture, HTTP_PUT, "", version);
        fixture_answer(&fixture, 200, lease_of("", 3));
        assert_true(engine_is_stopped(fixture.engine));
        fixture_finish(&fixture);
    }
}

static void stop__lease_is_anothers_by_now__it_is_left_alone(void **state)
{
    struct engine_fixture fixture;

    (void)state;
    stop_while_renewing(&fixture, 0);
    expect_get(&fixture);
    fixture_answer(&fixture, 200, lease_of("another", 5));
    assert_null(fixture.request);
    assert_true(engine_is_stopped(fixture.engine));
    fixture_finish(&fixture);
}

static void stop__lease_cannot_be_read__nothing_is_written(void **state)
{
    static const int statuses[] = { 0, 404, 500 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        struct engine_fixture fixture;

        stop_while_renewing(&fixture, 0);
        expect_get(&fixture);
        fixture_answer(&fixture, statuses[i], "");
        assert_null(fixture.request);
        assert_true(engine_is_stopped(fixture.engine));
        fixture_finish(&fixture);
    }
}

/* Renewing starts from what was sent, not from what was answered: 3000 ms were slept before it was sent. */
static void renewal__no_answers__fence_falls_after_the_deadline(void **state)
{
    struct engine_fixture fixture;
    int64_t fence;

    (void)state;
    start_leading(&fixture);
    fixture_tick(&fixture, 3000);
    fence = fixture.now + engine_default_timings.lease_renew_deadline;
    fixture.now += 2000;
    fixture_answer(&fixture, 200, lease_of("me", 2));
    while (fixture.now < fence - 1) {
        if (fixture.request)
            fixture_answer(&fixture, 0, "");
        fixture_tick(&fixture, fixture.now + 500 < fence ? 500 : fence - 1 - fixture.now);
        assert_true(engine_is_leader(fixture.engine));
    }
    fixture_tick(&fixture, 1);
    assert_false(engine_is_leader(fixture.engine));
    assert_true(engine_lost_lease(fixture.engine));
    fixture_finish(&fixture);
}

static void renewal__refused_because_another_holds_it__is_lost(void **state)
{
    struct engine_fixture fixture;

    (void)state;
    start_leading(&fixture);
    fixture_tick(&fixture, 3000);
    fixture_answer(&fixture, 409, "");
    fixture_tick(&fixture, 3000);
    expect_get(&fixture);
    fixture_answer(&fixture, 200, lease_of("another", 5));
    assert_true(engine_lost_lease(fixture.engine));
    assert_false(engine_is_leader(fixture.engine));
    fixture_finish(&fixture);
}

static void waiting__holder_is_silent__lease_is_taken_after_its_duration(void **state)
{
    struct engine_fixture fixture;
    int64_t first_seen, looks = 0;

    (void)state;
    start(&fixture);
    first_seen = fixture.now;
    for (; fixture.now < first_seen + 30000; fixture_tick(&fixture, 500)) {
        if (!fixture.request)
            continue;
        if (fixture.request->method != HTTP_GET)
            break;
        looks++;
        fixture_answer(&fixture, 200, lease_of("another", 5));
    }
    expect_write(&fixture, HTTP_PUT, "me", "5");
    assert_true(looks > 2);
    assert_true(fixture.now >= first_seen + 15000);
    assert_false(engine_is_leader(fixture.engine));
    fixture_finish(&fixture);
}

static void waiting__holder_has_given_it_back__lease_is_taken_at_once(void **state)
{
    struct engine_fixture fixture;

    (void)state;
    start(&fixture);
    fixture_answer(&fixture, 200, lease_of("", 5));
    expect_write(&fixture, HTTP_PUT, "me", "5");
    fixture_finish(&fixture);
}

static void waiting__told_to_stop__nothing_is_given_back(void **state)
{
    struct engine_fixture fixture;

    (void)state;
    start(&fixture);
    fixture_answer(&fixture, 200, lease_of("another", 5));
    fixture_event(&fixture, EVENT_STOP, NULL);
    fixture_tick(&fixture, 1);
    assert_null(fixture.request);
    assert_true(engine_is_stopped(fixture.engine));
    fixture_finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop__renewal_answered__lease_is_given_back),
        cmocka_unit_test(stop__renewal_without_answer__lease_is_read_then_given_back),
        cmocka_unit_test(stop__lease_is_anothers_by_now__it_is_left_alone),
        cmocka_unit_test(stop__lease_cannot_be_read__nothing_is_written),
        cmocka_unit_test(renewal__no_answers__fence_falls_after_the_deadline),
        cmocka_unit_test(renewal__refused_because_another_holds_it__is_lost),
        cmocka_unit_test(waiting__holder_is_silent__lease_is_taken_after_its_duration),
        cmocka_unit_test(waiting__holder_has_given_it_back__lease_is_taken_at_once),
        cmocka_unit_test(waiting__told_to_stop__nothing_is_given_back),
    };

    log_setup(LOG_OFF, LOG_LOGFMT);
    return RUN_TESTS(tests);
}
