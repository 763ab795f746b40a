#include "../../agent/glob.h"
#include "../../agent/select.h"
#include "unit.h"

static void globs(void **state)
{
    static const struct {
        const char *pattern, *key;
        bool fits;
    } cases[] = {
        { "a", "a", true },
        { "a", "b", false },
        { "*.jpg", "x.jpg", true },
        { "*.jpg", "d/x.jpg", false }, /* a star stops at slashes */
        { "**/*.jpg", "x.jpg", true }, /* no folder is a number of folders */
        { "**/*.jpg", "a/b/c/x.jpg", true },
        { "**/*.jpg", "a/x.jpg/y", false },
        { "a/**/b", "a/b", true },
        { "a/**/b", "a/x/y/b", true },
        { "a/**/b", "a/xb", false },
        { "tmp/**", "tmp/a/b", true },
        { "tmp/**", "tmp", false },
        { "**", "any/thing", true },
        { "a?c", "abc", true },
        { "a?c", "a/c", false },
        { "*a*b", "xaxxb", true },
        { "*a*b", "xaxxbc", false },
        { "**/x/*/y", "x/1/x/2/y", true },
        { "", "", true },
        { "", "a", false },
        { "**/a/**/b/**/c", "a/b/a/b/c/d/c", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (glob_fits(cases[i].pattern, cases[i].key) != cases[i].fits)
            fail_msg("%s on %s: %d is wanted", cases[i].pattern, cases[i].key, cases[i].fits);
}

/* Backtracking over many stars must not explode. */
static void globs__of_many_stars_end(void **state)
{
    char key[1025], pattern[513];

    (void)state;
    memset(key, 'a', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    for (size_t i = 0; i + 4 <= sizeof(pattern) - 1; i += 4)
        memcpy(pattern + i, "**a*", 4);
    memcpy(pattern + 508, "b", 2);
    assert_false(glob_fits(pattern, key));
}

static void add(struct selection *selection, const char *text)
{
    struct failure failure;

    if (selection_add_partition(selection, text, &failure) < 0)
        fail_msg("%s", failure.message);
}

static void partitions__choose_keys_and_prune_folders(void **state)
{
    struct selection selection = { 0 };

    (void)state;
    add(&selection, "region:values=tokyo,osaka");
    add(&selection, "dt:from=2026-01-01,before=2026-02-01");
    assert_true(selection_wants(&selection, "region=tokyo/dt=2026-01-31/a"));
    assert_false(selection_wants(&selection, "region=tokyo/dt=2026-02-01/a")); /* `before` is not included */
    assert_false(selection_wants(&selection, "region=kyoto/dt=2026-01-31/a"));
    assert_false(selection_wants(&selection, "readme")); /* lies in no such folder */
    assert_int_equal(selection_enter(&selection, "region=kyoto/"), S3_SKIP);
    assert_int_equal(selection_enter(&selection, "region=osaka/"), S3_DESCEND);
    assert_int_equal(selection_enter(&selection, "region=osaka/dt=2026-01-02/"), S3_ENTER);
    assert_int_equal(selection_enter(&selection, "other/"), S3_DESCEND);
    selection_finish(&selection);
}

static void partitions__that_make_no_sense_are_refused(void **state)
{
    static const char *const bad[] = { "dt",          "dt:",        ":newest=1", "dt:newest=0",
                                       "dt:newest=x", "dt:other=1", "dt:values=" };
    struct failure failure;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct selection selection = { 0 };

        if (selection_add_partition(&selection, bad[i], &failure) == 0)
            fail_msg("%s is taken", bad[i]);
        assert_int_equal(failure.reason, REASON_INVALID_OPTIONS);
        assert_non_null(strstr(failure.message, "write "));
        selection_finish(&selection);
    }
}

static void excluded__wins(void **state)
{
    const char *const include[] = { "**/*.jpg", NULL }, *const exclude[] = { "tmp/**", NULL };
    struct selection selection = { .include = include, .exclude = exclude };

    (void)state;
    assert_true(selection_wants(&selection, "a/x.jpg"));
    assert_false(selection_wants(&selection, "tmp/x.jpg"));
    assert_false(selection_wants(&selection, "a/x.png"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs),
        cmocka_unit_test(globs__of_many_stars_end),
        cmocka_unit_test(partitions__choose_keys_and_prune_folders),
        cmocka_unit_test(partitions__that_make_no_sense_are_refused),
        cmocka_unit_test(excluded__wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
