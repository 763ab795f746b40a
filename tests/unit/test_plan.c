#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/model/plan.h"
#include "unit.h"

static json_t *no_body(const struct observed *in, const struct identity *identity)
{
    (void)in;
    (void)identity;
    return NULL;
}

static void plan__everything_said__is_kept_in_order(void **state)
{
    auto_arena struct arena arena = { 0 };
    struct object with = { .recorded_finalizer = true }, without = { 0 };
    struct plan plan;

    (void)state;
    plan_init(&plan, &arena);
    for (int i = 0; i < 100; i++)
        plan_create(
            &plan, KIND_POD, arena_printf(&arena, "pod-%d", i), (struct identity){ "worker", i, 1 }, no_body, true);
    plan_apply(&plan, KIND_SERVICE, "hosts", no_body);
    plan_drop(&plan, &without);
    plan_release(&plan, &with);
    plan_release(&plan, &without);
    assert_int_equal(plan.want_count, 101);
    assert_int_equal(plan.wants[99].mode, WANT_CREATE);
    assert_int_equal(plan.wants[99].kind, KIND_POD);
    assert_string_equal(plan.wants[99].name, "pod-99");
    assert_string_equal(plan.wants[99].identity.role, "worker");
    assert_int_equal(plan.wants[99].identity.index, 99);
    assert_int_equal(plan.wants[99].identity.attempt, 1);
    assert_true(plan.wants[99].record);
    assert_int_equal(plan.wants[100].mode, WANT_APPLY);
    assert_null(plan.wants[100].identity.role);
    assert_false(plan.wants[100].record);
    assert_int_equal(plan.drop_count, 1);
    assert_ptr_equal(plan.drops[0].child, &without);
    assert_int_equal(plan.release_count, 1);
    assert_ptr_equal(plan.releases[0], &with);
    plan_finish(&plan);
}

static void plan_status__null__leaves_the_field_out(void **state)
{
    auto_arena struct arena arena = { 0 };
    auto_free char *text = NULL;
    struct plan plan;

    (void)state;
    plan_init(&plan, &arena);
    plan_status(&plan, "phase", jb_str("Running"));
    plan_status(&plan, "attempt", jb_int(1));
    plan_status(&plan, "message", NULL);
    plan_status(&plan, "attempt", jb_int(2));
    plan_status(&plan, "phase", NULL);
    text = jb_dump(plan.status, true);
    assert_string_equal(text, "{\"attempt\":2}");
    plan_finish(&plan);
}

static void plan_condition_and_event__texts_are_formatted(void **state)
{
    auto_arena struct arena arena = { 0 };
    struct plan plan;

    (void)state;
    plan_init(&plan, &arena);
    plan_condition(&plan, "Running", false, "PodsStarting", "%d of %d pods run", 3, 8);
    plan_event(&plan, true, "PodFailed", "FailJob", "pod %s failed", "job-worker-0");
    assert_int_equal(plan.condition_count, 1);
    assert_string_equal(plan.conditions[0].type, "Running");
    assert_false(plan.conditions[0].status);
    assert_string_equal(plan.conditions[0].reason, "PodsStarting");
    assert_string_equal(plan.conditions[0].message, "3 of 8 pods run");
    assert_int_equal(plan.event_count, 1);
    assert_true(plan.events[0].warning);
    assert_string_equal(plan.events[0].reason, "PodFailed");
    assert_string_equal(plan.events[0].action, "FailJob");
    assert_string_equal(plan.events[0].note, "pod job-worker-0 failed");
    plan_finish(&plan);
}

static void plan_event__long_note__is_cut_to_what_the_server_takes(void **state)
{
    auto_arena struct arena arena = { 0 };
    char text[3000];
    struct plan plan;

    (void)state;
    memset(text, 'n', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    plan_init(&plan, &arena);
    plan_event(&plan, false, "R", "A", "%s", text);
    assert_true(strlen(plan.events[0].note) <= 1024);
    plan_finish(&plan);
}

static void plan_look_again__earliest_counts(void **state)
{
    auto_arena struct arena arena = { 0 };
    struct plan plan;

    (void)state;
    plan_init(&plan, &arena);
    assert_int_equal(plan.look_again_at, 0);
    plan_look_again(&plan, 200);
    plan_look_again(&plan, 100);
    plan_look_again(&plan, 300);
    assert_int_equal(plan.look_again_at, 100);
    plan_finish(&plan);
}

static void plan_finish__twice__is_fine(void **state)
{
    struct plan plan;

    (void)state;
    plan_init(&plan, NULL);
    plan_drop(&plan, &(struct object){ .kind = KIND_POD });
    plan_finish(&plan);
    plan_finish(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan__everything_said__is_kept_in_order),
        cmocka_unit_test(plan_status__null__leaves_the_field_out),
        cmocka_unit_test(plan_condition_and_event__texts_are_formatted),
        cmocka_unit_test(plan_event__long_note__is_cut_to_what_the_server_takes),
        cmocka_unit_test(plan_look_again__earliest_counts),
        cmocka_unit_test(plan_finish__twice__is_fine),
    };

    return RUN_TESTS(tests);
}
