#include "../../agent/s3/pace.h"
#include "unit.h"

static void window__slow_downs__halve_it_once_a_second(void **state)
{
    struct pace_window window;

    (void)state;
    pace_window_init(&window, 16);
    pace_window_slow(&window, 0);
    assert_int_equal(window.size, 8);
    pace_window_slow(&window, 999);
    assert_int_equal(window.size, 8);
    pace_window_slow(&window, 1000);
    assert_int_equal(window.size, 4);
    for (int64_t now = 2000; now < 10000; now += 1000)
        pace_window_slow(&window, now);
    assert_int_equal(window.size, 1);
}

static void window__successes__grow_it_back_to_its_maximum(void **state)
{
    struct pace_window window;
    unsigned count = 0;

    (void)state;
    pace_window_init(&window, 4);
    pace_window_slow(&window, 0);
    assert_int_equal(window.size, 2);
    while (window.size < 4) {
        pace_window_fine(&window);
        count++;
    }
    assert_int_equal(count, 2 + 3);
    for (unsigned i = 0; i < 100; i++)
        pace_window_fine(&window);
    assert_int_equal(window.size, 4);
}

static void delay__any_random__stays_below_what_doubles(void **state)
{
    (void)state;
    for (unsigned nth = 0; nth < 40; nth++) {
        uint64_t most = nth < 7 ? 200u << nth : PACE_DELAY_MAX_MS;

        assert_int_equal(pace_delay_ms(200, nth, 0), 0);
        assert_int_equal(pace_delay_ms(200, nth, most), most);
        assert_int_equal(pace_delay_ms(200, nth, most + 1), 0);
    }
}

static void bucket__overspent__is_waited_for(void **state)
{
    struct pace_bucket bucket;

    (void)state;
    pace_bucket_init(&bucket, 1000, 0);
    assert_int_equal(pace_bucket_wait_ms(&bucket, 5000), 0); /* idle time is not saved up */
    pace_bucket_spend(&bucket, 3000);
    assert_int_equal(pace_bucket_wait_ms(&bucket, 5000), 3001);
    assert_int_equal(pace_bucket_wait_ms(&bucket, 7000), 1001);
    assert_int_equal(pace_bucket_wait_ms(&bucket, 8000), 0);
    pace_bucket_init(&bucket, 0, 0);
    pace_bucket_spend(&bucket, UINT64_MAX);
    assert_int_equal(pace_bucket_wait_ms(&bucket, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window__slow_downs__halve_it_once_a_second),
        cmocka_unit_test(window__successes__grow_it_back_to_its_maximum),
        cmocka_unit_test(delay__any_random__stays_below_what_doubles),
        cmocka_unit_test(bucket__overspent__is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
