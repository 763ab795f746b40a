#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "unit.h"

/* Takes the value; compares its compact text. */
static void assert_json(json_t *value, const char *text)
{
    auto_free char *dumped = jb_dump(value, false);

    assert_string_equal(dumped, text);
    json_decref(value);
}

static json_t *parse(const char *text)
{
    struct error err = { 0 };
    json_t *value = NULL;

    if (jb_parse(slice_of(text), &value, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    return value;
}

static void builders__nest__and_leave_nulls_out(void **state)
{
    (void)state;
    assert_json(
        OBJ({ "kind", jb_str("Service") },
            { "gone", NULL },
            { "spec", OBJ({ "ports", ARR(jb_int(1), NULL, jb_bool(true)) }, { "name", jb_fmt("%s-%d", "a", 2) }) },
            { "none", ARR(NULL) }),
        "{\"kind\":\"Service\",\"spec\":{\"ports\":[1,true],\"name\":\"a-2\"},\"none\":[]}");
}

static void jb_int__edges__are_kept(void **state)
{
    (void)state;
    assert_json(ARR(jb_int(INT64_MIN), jb_int(INT64_MAX), jb_int(0)), "[-9223372036854775808,9223372036854775807,0]");
}

static void jb_str__table(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        { "", "" },
        { "plain", "plain" },
        { "\xe9\x8d\x9b\xc3\xa9\xf0\x9f\x98\x80", "\xe9\x8d\x9b\xc3\xa9\xf0\x9f\x98\x80" },
        { "a\xff"
          "b",
          "a\xef\xbf\xbd"
          "b" },
        { "\xe9\x8d", "\xef\xbf\xbd\xef\xbf\xbd" },                                 /* cut short */
        { "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },                                 /* overlong */
        { "\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },                 /* overlong */
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },                 /* a surrogate */
        { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* above U+10FFFF */
        { "\xf4\x8f\xbf\xbf\x80", "\xf4\x8f\xbf\xbf\xef\xbf\xbd" },
        { "\x80good",
          "\xef\xbf\xbd"
          "good" },
    };

    (void)state;
    assert_null(jb_str(NULL));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        json_t *value = jb_str(cases[i].text);

        assert_string_equal(json_string_value(value), cases[i].value);
        json_decref(value);
    }
}

static void jb_strn__length__is_kept_to(void **state)
{
    (void)state;
    assert_json(jb_strn("abcdef", 3), "\"abc\"");
    assert_json(jb_strn("\xe9\x8d\x9b", 2), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_json(jb_strn("", 0), "\"\"");
}

static void getters__wrong_tree__give_the_fallback(void **state)
{
    json_t *tree = parse("{\"s\":\"x\",\"i\":5,\"n\":null,\"o\":{},\"r\":1.5}");

    (void)state;
    assert_string_equal(jb_get_str(tree, "s"), "x");
    assert_string_equal(jb_get_str(tree, "i"), "");
    assert_string_equal(jb_get_str(tree, "missing"), "");
    assert_string_equal(jb_get_str(NULL, "s"), "");
    assert_int_equal(jb_get_int(tree, "i", 9), 5);
    assert_int_equal(jb_get_int(tree, "s", 9), 9);
    assert_int_equal(jb_get_int(tree, "r", 9), 9);
    assert_int_equal(jb_get_int(NULL, "i", 9), 9);
    assert_null(jb_get(jb_get(tree, "s"), "deeper"));
    json_decref(tree);
}

static void jb_named__finds_by_name(void **state)
{
    json_t *array = parse("[{\"name\":\"a\"},7,{\"name\":\"b\",\"x\":1},{}]");

    (void)state;
    assert_int_equal(jb_get_int(jb_named(array, "b"), "x", 0), 1);
    assert_null(jb_named(array, "c"));
    assert_null(jb_named(NULL, "a"));
    json_decref(array);
}

static void jb_child__missing_or_wrong__is_made_empty(void **state)
{
    json_t *tree = parse("{\"o\":{\"k\":1},\"wrong\":5}");

    (void)state;
    jb_set(jb_child_object(tree, "o"), "l", jb_int(2));
    jb_set(jb_child_object(jb_child_object(tree, "wrong"), "deep"), "m", jb_int(3));
    jb_append(jb_child_array(tree, "list"), jb_int(4));
    jb_append(jb_child_array(tree, "list"), NULL);
    jb_set(tree, "absent", NULL);
    assert_json(tree, "{\"o\":{\"k\":1,\"l\":2},\"wrong\":{\"deep\":{\"m\":3}},\"list\":[4]}");
}

static void jb_set__null__removes(void **state)
{
    json_t *tree = parse("{\"a\":1,\"b\":2}");

    (void)state;
    jb_set(tree, "a", NULL);
    jb_set(tree, "b", jb_str("new"));
    assert_json(tree, "{\"b\":\"new\"}");
}

static void jb_parse__malformed__table(void **state)
{
    static const char *const bad[] = {
        "", "{", "[1,]", "{\"a\":1,\"a\":2}", "{} {}", "01", "\"\\u0000\"", "\"\xff\"", "nan", "1e999", "'a'",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error err = { 0 };
        json_t *value = (json_t *)bad;

        assert_int_equal(jb_parse(slice_of(bad[i]), &value, &err), -1);
        assert_int_equal(err.kind, ERROR_INVALID);
        assert_contains(err.message, "not JSON: ");
        assert_ptr_equal(value, bad); /* untouched */
    }
    assert_json(parse("5"), "5");
    assert_json(parse(" {\"a\":[null]} "), "{\"a\":[null]}");
}

static void jb_parse__too_deep__is_refused(void **state)
{
    enum { DEEP = 3000 };
    auto_free char *text = xcalloc(1, DEEP + 1);
    struct error err;
    json_t *value;

    (void)state;
    memset(text, '[', DEEP);
    assert_int_equal(jb_parse((struct slice){ text, DEEP }, &value, &err), -1);
    assert_contains(err.message, "depth");
    assert_int_equal(jb_parse((struct slice){ NULL, 0 }, &value, &err), -1);
    assert_int_equal(jb_parse((struct slice){ "1\0 x", 4 }, &value, &err), -1);
}

static void jb_dump__sorted__is_canonical(void **state)
{
    json_t *one = parse("{\"b\":1,\"a\":{\"d\":1,\"c\":2}}"), *two = parse("{\"a\":{\"c\":2,\"d\":1},\"b\":1}");
    auto_free char *first = jb_dump(one, true), *second = jb_dump(two, true);

    (void)state;
    assert_string_equal(first, second);
    assert_string_equal(first, "{\"a\":{\"c\":2,\"d\":1},\"b\":1}");
    json_decref(one);
    json_decref(two);
}

static void jb_copy__is_deep(void **state)
{
    json_t *tree = parse("{\"a\":{\"b\":1}}"), *copy = jb_copy(tree);

    (void)state;
    jb_set(jb_child_object(copy, "a"), "b", jb_int(2));
    assert_json(tree, "{\"a\":{\"b\":1}}");
    assert_json(copy, "{\"a\":{\"b\":2}}");
    assert_null(jb_copy(NULL));
}

static void jb_merge_patch__table(void **state)
{
    static const char *const cases[][3] = {
        /* from, to, patch */
        { "{\"a\":1}", "{\"a\":1}", NULL },
        { "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", NULL },
        { "{}", "{\"a\":1}", "{\"a\":1}" },
        { "{\"a\":1}", "{}", "{\"a\":null}" },
        { "{\"a\":1}", "{\"a\":\"1\"}", "{\"a\":\"1\"}" },
        { "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":1}}", "{\"a\":{\"c\":null}}" },
        { "{\"a\":{\"b\":1}}", "{\"a\":{}}", "{\"a\":{\"b\":null}}" },
        { "{\"a\":{}}", "{\"a\":{\"b\":{}}}", "{\"a\":{\"b\":{}}}" },
        { "{\"a\":[1,2]}", "{\"a\":[1,2]}", NULL },
        { "{\"a\":[1,2]}", "{\"a\":[2,1]}", "{\"a\":[2,1]}" },
        { "{\"a\":{\"b\":1}}", "{\"a\":7}", "{\"a\":7}" },
        { "{\"a\":7}", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}" },
        { "7", "{\"b\":1}", "{\"b\":1}" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        json_t *from = parse(cases[i][0]), *to = parse(cases[i][1]), *patch = jb_merge_patch(from, to);

        assert_int_equal(patch == NULL, cases[i][2] == NULL);
        if (patch)
            assert_json(patch, cases[i][2]);
        json_decref(from);
        json_decref(to);
    }
}

static void jb_merge_patch__no_tree_before__is_the_whole(void **state)
{
    json_t *to = parse("{\"a\":{\"b\":1}}");

    (void)state;
    assert_json(jb_merge_patch(NULL, to), "{\"a\":{\"b\":1}}");
    json_decref(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builders__nest__and_leave_nulls_out),
        cmocka_unit_test(jb_int__edges__are_kept),
        cmocka_unit_test(jb_str__table),
        cmocka_unit_test(jb_strn__length__is_kept_to),
        cmocka_unit_test(getters__wrong_tree__give_the_fallback),
        cmocka_unit_test(jb_named__finds_by_name),
        cmocka_unit_test(jb_child__missing_or_wrong__is_made_empty),
        cmocka_unit_test(jb_set__null__removes),
        cmocka_unit_test(jb_parse__malformed__table),
        cmocka_unit_test(jb_parse__too_deep__is_refused),
        cmocka_unit_test(jb_dump__sorted__is_canonical),
        cmocka_unit_test(jb_copy__is_deep),
        cmocka_unit_test(jb_merge_patch__table),
        cmocka_unit_test(jb_merge_patch__no_tree_before__is_the_whole),
    };

    return RUN_TESTS(tests);
}
