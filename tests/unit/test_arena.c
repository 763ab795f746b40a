#include <stdalign.h>

#include "../../operator/base/arena.h"
#include "../../operator/base/memory.h"
#include "unit.h"

static bool is_zero(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i])
            return false;
    return true;
}

static void arena_alloc__any_size__is_zeroed_aligned_and_apart(void **state)
{
    static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 4096, 8191, 8192, 8193, 100000 };
    auto_arena struct arena arena = { 0 };
    unsigned char *pieces[ARRAY_SIZE(sizes)];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        pieces[i] = arena_alloc(&arena, sizes[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        assert_true(is_zero(pieces[i], sizes[i]));
        memset(pieces[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(pieces[i][j], i + 1);
}

static void arena_finish__empties_it_for_new_use(void **state)
{
    struct arena arena = { 0 };

    (void)state;
    arena_finish(&arena);
    arena_alloc(&arena, 10);
    arena_finish(&arena);
    assert_null(arena.blocks);
    assert_string_equal(arena_strdup(&arena, "again"), "again");
    arena_finish(&arena);
}

static void arena_strings__table(void **state)
{
    auto_arena struct arena arena = { 0 };
    auto_free char *large = xcalloc(1, 20001);
    const char *text = "original";

    (void)state;
    memset(large, 'l', 20000);
    assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(&arena, NULL, 0), "");
    assert_string_equal(arena_strdup(&arena, text), text);
    assert_ptr_not_equal(arena_strdup(&arena, text), text);
    assert_string_equal(arena_printf(&arena, "%s-%d", "pod", 7), "pod-7");
    assert_string_equal(arena_printf(&arena, "%s", ""), "");
    assert_int_equal(strlen(arena_printf(&arena, "%s", large)), 20000);
}

static void arena_new__is_a_zeroed_struct(void **state)
{
    struct pair {
        int a;
        char *b;
    };
    auto_arena struct arena arena = { 0 };
    const struct pair *pair = arena_new(&arena, struct pair);

    (void)state;
    assert_int_equal(pair->a, 0);
    assert_null(pair->b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_alloc__any_size__is_zeroed_aligned_and_apart),
        cmocka_unit_test(arena_finish__empties_it_for_new_use),
        cmocka_unit_test(arena_strings__table),
        cmocka_unit_test(arena_new__is_a_zeroed_struct),
    };

    return RUN_TESTS(tests);
}
