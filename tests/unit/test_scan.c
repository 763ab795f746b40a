#include <inttypes.h>

#include "../../operator/base/memory.h"
#include "../../operator/base/scan.h"
#include "unit.h"

static void start(struct scan *scan, const char *text)
{
    scan_init(scan, slice_of(text));
}

static void scan_peek__table(void **state)
{
    static const struct {
        const char *text;
        enum scan_type type;
    } cases[] = {
        { "{}", SCAN_OBJECT }, { " \t\r\n[]", SCAN_ARRAY }, { "\"\"", SCAN_STRING }, { "-1", SCAN_NUMBER },
        { "0", SCAN_NUMBER },  { "9.5", SCAN_NUMBER },      { "true", SCAN_BOOL },   { "false", SCAN_BOOL },
        { "null", SCAN_NULL }, { "", SCAN_NONE },           { "   ", SCAN_NONE },    { "}", SCAN_NONE },
        { "+1", SCAN_NONE },   { ".5", SCAN_NONE },         { "'a'", SCAN_NONE },    { "\xef\xbb\xbf{}", SCAN_NONE },
    };
    struct scan scan;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        start(&scan, cases[i].text);
        assert_int_equal(scan_peek(&scan), cases[i].type);
        assert_false(scan_failed(&scan));
    }
}

static void scan_int__table(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
        const char *problem;
    } cases[] = {
        { "0", 0, NULL },
        { "-0", 0, NULL },
        { " 42 ", 42, NULL },
        { "-17", -17, NULL },
        { "9223372036854775807", INT64_MAX, NULL },
        { "-9223372036854775808", INT64_MIN, NULL },
        { "9223372036854775808", 0, "out of range" },
        { "-9223372036854775809", 0, "out of range" },
        { "99999999999999999999999", 0, "out of range" },
        { "1.0", 0, "whole number" },
        { "1e3", 0, "whole number" },
        { "01", 0, "malformed number" },
        { "-", 0, "malformed number" },
        { "--1", 0, "malformed number" },
        { "\"1\"", 0, "whole number" },
        { "true", 0, "whole number" },
        { "", 0, "whole number" },
        { "+1", 0, "whole number" },
    };
    struct scan scan;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        start(&scan, cases[i].text);
        if (scan_int(&scan) != cases[i].value || scan_failed(&scan) != (cases[i].problem != NULL))
            fail_msg("%s: %s", cases[i].text, scan.problem ? scan.problem : "no problem");
        if (cases[i].problem)
            assert_contains(scan.problem, cases[i].problem);
    }
}

static void scan_string__table(void **state)
{
    static const struct {
        const char *text, *value; /* NULL: an error */
    } cases[] = {
        { "\"\"", "" },
        { "\"plain\"", "plain" },
        { "\"\xe9\x8d\x9b\"", "\xe9\x8d\x9b" },
        { "\"a\\\"b\\\\c\\/d\"", "a\"b\\c/d" },
        { "\"\\b\\f\\n\\r\\t\"", "\b\f\n\r\t" },
        { "\"\\u0041\\u00e9\\u935b\"", "A\xc3\xa9\xe9\x8d\x9b" },
        { "\"\\ud83d\\uDE00\"", "\xf0\x9f\x98\x80" },
        { "\"\\ud83d\"", "\xef\xbf\xbd" },
        { "\"\\ud83dx\"", "\xef\xbf\xbdx" },
        { "\"\\ud83d\\u0041\"",
          "\xef\xbf\xbd"
          "A" },
        { "\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
        { "\"\\ude00\"", "\xef\xbf\xbd" },
        { "\"a\\u0000b\"",
          "a\xef\xbf\xbd"
          "b" },
        { "\"\\u12\"", NULL },
        { "\"\\u12g4\"", NULL },
        { "\"\\ud83d\\u12\"", NULL },
        { "\"\\x41\"", NULL },
        { "\"a\nb\"", NULL },
        { "\"a", NULL },
        { "\"a\\\"", NULL },
        { "\"\\", NULL },
        { "\"", NULL },
        { "a", NULL },
        { "12", NULL },
    };
    auto_arena struct arena arena = { 0 };
    struct scan scan;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *value;

        start(&scan, cases[i].text);
        value = scan_string(&scan, &arena);
        if (!cases[i].value != !value || scan_failed(&scan) != !cases[i].value)
            fail_msg("%s: %s", cases[i].text, value ? value : scan.problem);
        if (value)
            assert_string_equal(value, cases[i].value);
    }
}

static void scan_bool__table(void **state)
{
    static const struct {
        const char *text;
        bool value, failed;
    } cases[] = {
        { "true", true, false }, { "false", false, false }, { "tru", false, true }, { "truth", false, true },
        { "null", false, true }, { "1", false, true },      { "", false, true },
    };
    struct scan scan;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        start(&scan, cases[i].text);
        assert_int_equal(scan_bool(&scan), cases[i].value);
        assert_int_equal(scan_failed(&scan), cases[i].failed);
    }
}

static void walk__nested_containers__in_order(void **state)
{
    struct scan scan;
    struct slice key;
    int sum = 0;

    (void)state;
    start(&scan, " { \"a\" : [ ] , \"b\" : [ [ 1 , 2 ] , [ ] , [ 3 ] ] , \"c\" : { } , \"d\\n\" : 4 } ");
    assert_true(scan_open(&scan, SCAN_OBJECT));
    assert_true(scan_key(&scan, &key) && slice_is(key, "a"));
    assert_true(scan_open(&scan, SCAN_ARRAY));
    assert_false(scan_item(&scan));
    assert_true(scan_key(&scan, &key) && slice_is(key, "b"));
    assert_true(scan_open(&scan, SCAN_ARRAY));
    while (scan_item(&scan)) {
        assert_true(scan_open(&scan, SCAN_ARRAY));
        while (scan_item(&scan))
            sum = sum * 10 + (int)scan_int(&scan);
    }
    assert_int_equal(sum, 123);
    assert_true(scan_key(&scan, &key) && slice_is(key, "c"));
    assert_true(scan_open(&scan, SCAN_OBJECT));
    assert_false(scan_key(&scan, &key));
    assert_true(scan_key(&scan, &key) && slice_is(key, "d\\n")); /* as written */
    assert_int_equal(scan_int(&scan), 4);
    assert_false(scan_key(&scan, &key));
    scan_end(&scan);
    assert_false(scan_failed(&scan));
}

/* Walks a text as one array of integers, or an object of them. */
static void walk(struct scan *scan)
{
    struct slice key;

    if (scan_peek(scan) == SCAN_ARRAY) {
        scan_open(scan, SCAN_ARRAY);
        while (scan_item(scan))
            scan_int(scan);
    } else {
        scan_open(scan, SCAN_OBJECT);
        while (scan_key(scan, &key))
            scan_int(scan);
    }
    scan_end(scan);
}

static void walk__malformed__table(void **state)
{
    static const char *const good[] = { "[]", "[1]", "[1,2]", "{}", "{\"a\":1}", "{\"a\":1,\"b\":2}\n" };
    static const char *const bad[] = {
        "",          "[",        "[1",        "[1,",       "[1,]",      "[,1]",       "[1 2]",      "[1}",   "]",
        "{",         "{\"a\"",   "{\"a\":",   "{\"a\":1",  "{\"a\":1,", "{\"a\":1,}", "{,\"a\":1}", "{a:1}", "{1:1}",
        "{\"a\" 1}", "{\"a\":}", "{\"a\":1]", "{\"a\",1}", "[]]",       "[] []",      "{} x",       "[1]\1", "{\"a:1}",
    };
    struct scan scan;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        start(&scan, good[i]);
        walk(&scan);
        if (scan_failed(&scan))
            fail_msg("%s: %s", good[i], scan.problem);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        start(&scan, bad[i]);
        walk(&scan);
        if (!scan_failed(&scan))
            fail_msg("'%s' was accepted", bad[i]);
    }
}

static void walk__value_not_read__is_an_error(void **state)
{
    struct scan scan;
    struct slice key;

    (void)state;
    start(&scan, "{\"a\":1,\"b\":2}");
    scan_open(&scan, SCAN_OBJECT);
    assert_true(scan_key(&scan, &key));
    assert_false(scan_key(&scan, &key));
    assert_true(scan_failed(&scan));
}

static void scan_end__nul_byte_behind__is_an_error(void **state)
{
    struct scan scan;

    (void)state;
    scan_init(&scan, (struct slice){ "1\0x", 3 });
    assert_int_equal(scan_int(&scan), 1);
    scan_end(&scan);
    assert_true(scan_failed(&scan));
}

static void scan_raw__table(void **state)
{
    static const struct {
        const char *text, *raw; /* NULL: an error */
    } cases[] = {
        { " {\"a\": [1, {\"]\": \"}\"}]} ,", "{\"a\": [1, {\"]\": \"}\"}]}" },
        { "[\"\\\"]\"] ", "[\"\\\"]\"]" },
        { "\"text\\\"\" ", "\"text\\\"\"" },
        { "-12.5e+3,", "-12.5e+3" },
        { "null]", "null" },
        { "true}", "true" },
        { "", NULL },
        { "{", NULL },
        { "[\"", NULL },
        { "[1,[2]", NULL },
        { "nul", NULL },
        { "]", NULL },
    };
    struct scan scan;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct slice raw;

        start(&scan, cases[i].text);
        raw = scan_raw(&scan);
        assert_int_equal(scan_failed(&scan), !cases[i].raw);
        assert_int_equal(raw.data == NULL, !cases[i].raw);
        if (cases[i].raw && !slice_is(raw, cases[i].raw))
            fail_msg("%s: %.*s", cases[i].text, (int)raw.length, raw.data);
    }
}

static void scan_skip__depth__has_a_limit(void **state)
{
    enum { DEEP = SCAN_MAX_DEPTH + 1 };
    auto_free char *text = xcalloc(1, 2 * DEEP + 1);
    struct scan scan;

    (void)state;
    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    scan_init(&scan, (struct slice){ text + 1, 2 * (DEEP - 1) });
    scan_skip(&scan);
    scan_end(&scan);
    assert_false(scan_failed(&scan));
    scan_init(&scan, (struct slice){ text, 2 * DEEP });
    scan_skip(&scan);
    assert_true(scan_failed(&scan));
    assert_contains(scan.problem, "deep");
}

static void errors__stick_and_tell_where(void **state)
{
    auto_arena struct arena arena = { 0 };
    struct error err = { 0 };
    struct scan scan;
    struct slice key;

    (void)state;
    start(&scan, "{\"a\":x}");
    scan_open(&scan, SCAN_OBJECT);
    scan_key(&scan, &key);
    assert_null(scan_string(&scan, &arena));
    assert_false(scan_key(&scan, &key));
    assert_false(scan_item(&scan));
    assert_int_equal(scan_int(&scan), 0);
    assert_null(scan_raw(&scan).data);
    assert_int_equal(scan_peek(&scan), SCAN_NONE);
    assert_int_equal(scan_error(&scan, &err), -1);
    assert_int_equal(err.kind, ERROR_INVALID);
    assert_string_equal(err.message, "not the JSON expected: expected a string at byte 5");
}

static void scan_init__no_text__is_an_error(void **state)
{
    struct scan scan;

    (void)state;
    start(&scan, NULL);
    assert_int_equal(scan_peek(&scan), SCAN_NONE);
    assert_false(scan_open(&scan, SCAN_OBJECT));
    assert_true(scan_failed(&scan));
}

/* The bytes behind the text belong to somebody else: under ASan a look at them is an error. */
static void scan__every_prefix__stays_inside(void **state)
{
    static const char text[] =
        "{\"a\\u00e9\\ud83d\\ude00\": [-1.5e3, true, false, null, {\"b\": \"\\\\\"}], \"c\": 12}";

    (void)state;
    for (size_t length = 0; length < sizeof(text) - 1; length++) {
        auto_free char *prefix = memcpy(xcalloc(1, length), text, length);
        struct scan scan;

        scan_init(&scan, (struct slice){ prefix, length });
        scan_skip(&scan);
        assert_true(scan_failed(&scan));
        scan_init(&scan, (struct slice){ prefix, length });
        walk(&scan);
        assert_true(scan_failed(&scan));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_peek__table),
        cmocka_unit_test(scan_int__table),
        cmocka_unit_test(scan_string__table),
        cmocka_unit_test(scan_bool__table),
        cmocka_unit_test(walk__nested_containers__in_order),
        cmocka_unit_test(walk__malformed__table),
        cmocka_unit_test(walk__value_not_read__is_an_error),
        cmocka_unit_test(scan_end__nul_byte_behind__is_an_error),
        cmocka_unit_test(scan_raw__table),
        cmocka_unit_test(scan_skip__depth__has_a_limit),
        cmocka_unit_test(errors__stick_and_tell_where),
        cmocka_unit_test(scan_init__no_text__is_an_error),
        cmocka_unit_test(scan__every_prefix__stays_inside),
    };

    return RUN_TESTS(tests);
}
