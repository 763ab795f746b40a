#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "unit.h"

static void strbuf_text__nothing_added__is_empty(void **state)
{
    auto_strbuf struct strbuf buf = { 0 };

    (void)state;
    assert_string_equal(strbuf_text(&buf), "");
    assert_null(buf.data);
    strbuf_append(&buf, NULL, 0);
    assert_string_equal(strbuf_text(&buf), "");
    assert_int_equal(buf.length, 0);
}

static void strbuf_add__all_kinds__are_joined(void **state)
{
    auto_strbuf struct strbuf buf = { 0 };

    (void)state;
    strbuf_adds(&buf, "one");
    strbuf_addc(&buf, ' ');
    strbuf_append(&buf, "two-", 3);
    strbuf_addf(&buf, " %d%s", 3, "!");
    assert_string_equal(strbuf_text(&buf), "one two 3!");
    assert_int_equal(buf.length, 10);
}

static void strbuf_addf__longer_than_the_room__grows(void **state)
{
    auto_strbuf struct strbuf buf = { 0 };

    (void)state;
    for (int i = 0; i < 1000; i++)
        strbuf_addf(&buf, "%05d", i);
    assert_int_equal(buf.length, 5000);
    assert_int_equal(strlen(buf.data), 5000);
    assert_memory_equal(buf.data + 4995, "00999", 6);
}

static void strbuf_append__at_the_maximum__overflows_for_good(void **state)
{
    auto_strbuf struct strbuf buf = { 0 };

    (void)state;
    strbuf_init(&buf, 10);
    strbuf_adds(&buf, "0123456789");
    assert_false(buf.overflow);
    strbuf_addc(&buf, 'x');
    assert_true(buf.overflow);
    assert_string_equal(buf.data, "0123456789");
    strbuf_clear(&buf);
    assert_false(buf.overflow);
    strbuf_addf(&buf, "%s", "0123456789a");
    assert_true(buf.overflow);
    assert_int_equal(buf.length, 0);
    strbuf_adds(&buf, "x"); /* would fit, but something is missing before it */
    assert_int_equal(buf.length, 0);
}

static void strbuf_append__huge_length__overflows(void **state)
{
    auto_strbuf struct strbuf buf = { 0 };

    (void)state;
    strbuf_adds(&buf, "x");
    strbuf_append(&buf, "y", SIZE_MAX);
    assert_true(buf.overflow);
    assert_string_equal(buf.data, "x");
}

static void strbuf_finish__keeps_the_maximum(void **state)
{
    auto_strbuf struct strbuf buf = { 0 };

    (void)state;
    strbuf_init(&buf, 3);
    strbuf_adds(&buf, "abcd");
    strbuf_finish(&buf);
    assert_null(buf.data);
    assert_false(buf.overflow);
    strbuf_adds(&buf, "abcd");
    assert_true(buf.overflow);
}

static void strbuf_detach__gives_the_content(void **state)
{
    auto_strbuf struct strbuf buf = { 0 };
    auto_free char *empty = strbuf_detach(&buf), *full = NULL;

    (void)state;
    assert_string_equal(empty, "");
    strbuf_adds(&buf, "full");
    full = strbuf_detach(&buf);
    assert_string_equal(full, "full");
    assert_int_equal(buf.length, 0);
    assert_null(buf.data);
}

static void strbuf_add_escaped__table(void **state)
{
    static const char *const cases[][2] = {
        { "", "" },
        { "aZ09-._~", "aZ09-._~" },
        { "a b/c?d=e&f", "a%20b%2Fc%3Fd%3De%26f" },
        { "kitae.dev/role in (a,b)", "kitae.dev%2Frole%20in%20%28a%2Cb%29" },
        { "\xe9\x8d\x9b%+\n", "%E9%8D%9B%25%2B%0A" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_strbuf struct strbuf buf = { 0 };

        strbuf_add_escaped(&buf, cases[i][0]);
        assert_string_equal(strbuf_text(&buf), cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strbuf_text__nothing_added__is_empty),
        cmocka_unit_test(strbuf_add__all_kinds__are_joined),
        cmocka_unit_test(strbuf_addf__longer_than_the_room__grows),
        cmocka_unit_test(strbuf_append__at_the_maximum__overflows_for_good),
        cmocka_unit_test(strbuf_append__huge_length__overflows),
        cmocka_unit_test(strbuf_finish__keeps_the_maximum),
        cmocka_unit_test(strbuf_detach__gives_the_content),
        cmocka_unit_test(strbuf_add_escaped__table),
    };

    return RUN_TESTS(tests);
}
