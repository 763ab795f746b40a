#include "../../operator/base/memory.h"
#include "../../operator/engine/outbox.h"
#include "unit.h"

enum { WINDOW = 4 };

static void put(struct outbox *outbox, uint64_t id, bool patient)
{
    struct http_request *request = http_request_create(HTTP_GET, xstrdup("/"), NULL, NULL);

    request->id = id;
    request->patient = patient;
    outbox_put(outbox, request);
}

/* The id of the request that is taken now; 0: none. */
static uint64_t take_id(struct outbox *outbox)
{
    const struct http_request *next = outbox_next(outbox, WINDOW);
    struct http_request *request;
    uint64_t id;

    if (!next)
        return 0;
    request = outbox_take(outbox, WINDOW);
    assert_ptr_equal(request, next);
    id = request->id;
    http_request_destroy(request);
    return id;
}

static void take__only_news__fills_the_window(void **state)
{
    struct outbox outbox;

    (void)state;
    outbox_init(&outbox);
    assert_true(outbox_is_idle(&outbox));
    for (uint64_t id = 1; id <= WINDOW + 1; id++)
        put(&outbox, id, true);
    for (uint64_t id = 1; id <= WINDOW; id++)
        assert_int_equal(take_id(&outbox), id);
    assert_int_equal(take_id(&outbox), 0);
    outbox_answered(&outbox, false, true);
    assert_int_equal(take_id(&outbox), WINDOW + 1);
    assert_false(outbox_is_idle(&outbox));
    outbox_finish(&outbox);
}

static void take__work_waits__news_get_one_place(void **state)
{
    struct outbox outbox;

    (void)state;
    outbox_init(&outbox);
    for (uint64_t id = 1; id <= 3; id++)
        put(&outbox, id, true);
    for (uint64_t id = 11; id <= 15; id++)
        put(&outbox, id, false);
    assert_int_equal(take_id(&outbox), 1);
    for (uint64_t id = 11; id <= 13; id++)
        assert_int_equal(take_id(&outbox), id);
    assert_int_equal(take_id(&outbox), 0);
    outbox_answered(&outbox, false, false);
    assert_int_equal(take_id(&outbox), 14);
    outbox_answered(&outbox, false, true);
    assert_int_equal(take_id(&outbox), 2);
    assert_int_equal(outbox_in_flight(&outbox), WINDOW);
    outbox_finish(&outbox);
}

static void take__many_news__get_half_of_the_window(void **state)
{
    struct outbox outbox;

    (void)state;
    outbox_init(&outbox);
    for (uint64_t id = 1; id <= 600; id++)
        put(&outbox, id, true);
    for (uint64_t id = 1001; id <= 1004; id++)
        put(&outbox, id, false);
    assert_int_equal(take_id(&outbox), 1);
    assert_int_equal(take_id(&outbox), 2);
    assert_int_equal(take_id(&outbox), 1001);
    assert_int_equal(take_id(&outbox), 1002);
    outbox_finish(&outbox);
}

static void take__urgent__passes_a_full_window(void **state)
{
    struct http_request *lease = http_request_create(HTTP_PUT, xstrdup("/"), NULL, NULL);
    struct outbox outbox;

    (void)state;
    outbox_init(&outbox);
    for (uint64_t id = 1; id <= WINDOW + 1; id++)
        put(&outbox, id, false);
    for (uint64_t id = 1; id <= WINDOW; id++)
        assert_int_equal(take_id(&outbox), id);
    lease->urgent = true;
    lease->id = 99;
    outbox_put(&outbox, lease);
    assert_int_equal(take_id(&outbox), 99);
    assert_int_equal(outbox_in_flight(&outbox), WINDOW);
    outbox_answered(&outbox, true, false);
    assert_int_equal(outbox_in_flight(&outbox), WINDOW);
    outbox_finish(&outbox);
}

static void is_rushed__more_waits_than_fits__true(void **state)
{
    struct outbox outbox;

    (void)state;
    outbox_init(&outbox);
    for (uint64_t id = 1; id <= WINDOW; id++)
        put(&outbox, id, id % 2);
    assert_false(outbox_is_rushed(&outbox, WINDOW)); /* all of it can go now */
    put(&outbox, 5, true);
    assert_true(outbox_is_rushed(&outbox, WINDOW));
    for (uint64_t id = 1; id <= WINDOW; id++)
        take_id(&outbox);
    assert_false(outbox_is_rushed(&outbox, WINDOW));
    outbox_finish(&outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take__only_news__fills_the_window),
        cmocka_unit_test(take__work_waits__news_get_one_place),
        cmocka_unit_test(take__many_news__get_half_of_the_window),
        cmocka_unit_test(take__urgent__passes_a_full_window),
        cmocka_unit_test(is_rushed__more_waits_than_fits__true),
    };

    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
