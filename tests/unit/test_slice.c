#include "../../operator/base/slice.h"
#include "unit.h"

static void slice_of__null__is_not_there(void **state)
{
    (void)state;
    assert_null(slice_of(NULL).data);
    assert_int_equal(slice_of(NULL).length, 0);
    assert_int_equal(slice_of("abc").length, 3);
}

static void slice_is__table(void **state)
{
    static const struct {
        struct slice slice;
        const char *text;
        bool same;
    } cases[] = {
        { { "name", 4 }, "name", true }, { { "named", 4 }, "name", true }, { { "name", 4 }, "named", false },
        { { "name", 4 }, "nam", false }, { { "Name", 4 }, "name", false }, { { "", 0 }, "", true },
        { { NULL, 0 }, "", true },       { { NULL, 0 }, "x", false },      { { "a\0b", 3 }, "a", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(slice_is(cases[i].slice, cases[i].text), cases[i].same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slice_of__null__is_not_there),
        cmocka_unit_test(slice_is__table),
    };

    return RUN_TESTS(tests);
}
