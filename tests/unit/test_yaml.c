#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/yaml.h"
#include "unit.h"

/* The JSON of the one document of a text, or the message; the caller frees it. */
static char *json_of(const char *text)
{
    auto_yaml struct yaml yaml = { 0 };
    struct error err;

    if (yaml_parse("t", slice_of(text), &yaml, &err) < 0)
        return xstrdup(err.message);
    return yaml.count == 1 ? jb_dump(yaml.documents[0].value, false) : xstrdup("not one document");
}

static const char *const plain_scalars[][2] = {
    { "~", "null" },
    { "null", "null" },
    { "Null", "null" },
    { "nUll", "\"nUll\"" },
    { "true", "true" },
    { "yes", "true" },
    { "On", "true" },
    { "y", "true" },
    { "False", "false" },
    { "no", "false" },
    { "N", "false" },
    { "tRUE", "\"tRUE\"" },
    { "0", "0" },
    { "-0", "0" },
    { "+12", "12" },
    { "1_000", "1000" },
    { "0x1F", "31" },
    { "-0x10", "-16" },
    { "0o17", "15" },
    { "017", "15" },
    { "08", "8" },
    { "0b101", "5" },
    { "0b12", "\"0b12\"" },
    { "0x", "\"0x\"" },
    { "9223372036854775807", "9223372036854775807" },
    { "-9223372036854775808", "-9223372036854775808" },
    { "9223372036854775808", "9.2233720368547758e18" },
    { "1.5", "1.5" },
    { ".5", "0.5" },
    { "-.5e1", "-5" },
    { "2.0", "2" },
    { "1e3", "1000" },
    { "1e21", "1e21" },
    { "1e999", "\"1e999\"" },
    { "1234e5x", "\"1234e5x\"" },
    { ".", "\".\"" },
    { "-", "[null]" },
    { "2001-12-14", "\"2001-12-14\"" },
    { "2001-12-14T21:59:43Z", "\"2001-12-14T21:59:43Z\"" },
    { "1:20", "\"1:20\"" },
    { "10.0.0.1", "\"10.0.0.1\"" },
    { "1.30.0", "\"1.30.0\"" },
    { "<<", "\"<<\"" },
    { "\"12\"", "\"12\"" },
    { "'yes'", "\"yes\"" },
    { "!!str 12", "\"12\"" },
    { "! 12", "\"12\"" },
    { "!!int \"3\"", "3" },
    { "!!float 3", "3" },
    { "|\n  a\n  b\n", "\"a\\nb\\n\"" },
    { ">-\n  a\n  b\n", "\"a b\"" },
    { "\"\\u00e9\\x41\\/\"", "\"\303\251A/\"" },
};

static void yaml_parse__plain_scalars__are_what_kubectl_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(plain_scalars); i++) {
        auto_strbuf struct strbuf text = { 0 }, want = { 0 };
        auto_free char *json = NULL;

        strbuf_addf(&text, "- %s\n", plain_scalars[i][0]);
        strbuf_addf(&want, "[%s]", plain_scalars[i][1]);
        json = json_of(text.data);
        assert_string_equal(json, want.data);
    }
}

static void yaml_parse__collections__keep_their_order(void **state)
{
    static const char *const cases[][2] = {
        { "b: 1\na: {d: [1, two], c: }\n", "{\"b\":1,\"a\":{\"d\":[1,\"two\"],\"c\":null}}" },
        { "- - 1\n  - 2\n- {}\n- []\n", "[[1,2],{},[]]" },
        { "on: 1\n2: x\n0x10: v\n1.6: z\n\"\": e\n", "{\"true\":1,\"2\":\"x\",\"16\":\"v\",\"1.6\":\"z\",\"\":\"e\"}" },
        { "a: &x [1, {b: c}]\nd: *x\n", "{\"a\":[1,{\"b\":\"c\"}],\"d\":[1,{\"b\":\"c\"}]}" },
        { "a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}" },
        { "\"<<\": 1\n", "{\"<<\":1}" },
        { "!!map {a: !!seq [b]}", "{\"a\":[\"b\"]}" },
        { "\357\273\277a: b", "{\"a\":\"b\"}" },
        { "\n{\"a\": \"\\ud83d\\ude00\"}", "{\"a\":\"\360\237\230\200\"}" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *json = json_of(cases[i][0]);

        assert_string_equal(json, cases[i][1]);
    }
}

static void yaml_parse__bad_input__is_refused_with_its_place(void **state)
{
    static const char *const cases[][2] = {
        { "a: 1\nb: 2\na: 3\n", "t:3:1: the key 'a' is there twice" },
        { "1: a\n\"1\": b\n", "t:2:1: the key '1' is there twice" },
        { "a:\n  <<: {b: 1}\n", "t:2:3: merge keys (<<) are not supported" },
        { "a: *b\n", "t:1:4: an alias without an anchor" },
        { "a: &a [*a]\n", "t:1:8: an alias without an anchor" },
        { "a: .inf\n", "t:1:4: infinity" },
        { "a: !secret x\n", "t:1:4: a tag" },
        { "a: !!int x\n", "t:1:4: a tag" },
        { "a: !!set {x: }\n", "t:1:4: a tag" },
        { "? [a]\n: b\n", "t:1:3: a key must be" },
        { "~: b\n", "t:1:1: a key must not be null" },
        { "a: \"\\0\"\n", "t:1:4: a NUL character" },
        { "%TAG !a! b:\n--- a\n", "t: %TAG directives are not supported" },
        { "a: b: c\n", "t:1:5: mapping values are not allowed" },
        { "a: [1, 2\n", "t:2:1: did not find expected" },
        { "a:\n\t- b\n", "t:2:1: found character that cannot start any token" },
        { "a: b\nc: \001\n", "t:2:4: control characters are not allowed" },
        { "a: \377\n", "t:1:4: invalid leading UTF-8 octet" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_yaml struct yaml yaml = { 0 };
        struct error err = { 0 };

        assert_int_equal(yaml_parse("t", slice_of(cases[i][0]), &yaml, &err), -1);
        assert_int_equal(err.kind, ERROR_INVALID);
        assert_contains(err.message, cases[i][1]);
        assert_null(strstr(err.message, "secret"));
    }
}

static void yaml_parse__several_documents__empty_ones_are_left_out(void **state)
{
    auto_yaml struct yaml yaml = { 0 };
    struct error err;

    (void)state;
    assert_int_equal(yaml_parse("t", slice_of("# c\n---\na: 1\n---\n---\nnull\n---\n- 2\n...\n"), &yaml, &err), 0);
    assert_int_equal(yaml.count, 2);
    assert_int_equal(jb_get_int(yaml.documents[0].value, "a", 0), 1);
    assert_true(json_is_array(yaml.documents[1].value));
    yaml_finish(&yaml);
    assert_int_equal(yaml_parse("t", (struct slice){ 0 }, &yaml, &err), 0);
    assert_int_equal(yaml.count, 0);
}

/* Anchors end with their document. */
static void yaml_parse__alias_across_documents__is_refused(void **state)
{
    auto_yaml struct yaml yaml = { 0 };
    struct error err;

    (void)state;
    assert_int_equal(yaml_parse("t", slice_of("a: &x 1\n---\nb: *x\n"), &yaml, &err), -1);
    assert_contains(err.message, "t:3:4: an alias without");
}

static void yaml_parse__alias_bomb__is_refused(void **state)
{
    auto_strbuf struct strbuf text = { 0 };
    auto_yaml struct yaml yaml = { 0 };
    struct error err;

    (void)state;
    strbuf_adds(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
        strbuf_addf(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 9; j++)
            strbuf_addf(&text, "%s*a%d", j ? ", " : "", i - 1);
        strbuf_adds(&text, "]\n");
    }
    assert_int_equal(yaml_parse("t", slice_of(text.data), &yaml, &err), -1);
    assert_contains(err.message, "too large, with all its aliases written out");
}

/* One long string repeated is as bad as many short ones. */
static void yaml_parse__alias_of_a_long_string__is_refused(void **state)
{
    auto_strbuf struct strbuf text = { 0 };
    auto_yaml struct yaml yaml = { 0 };
    struct error err;

    (void)state;
    strbuf_addf(&text, "a: &a %01000000d\nb:\n", 1);
    for (int i = 0; i < 1000; i++)
        strbuf_adds(&text, "- *a\n");
    assert_int_equal(yaml_parse("t", slice_of(text.data), &yaml, &err), -1);
    assert_contains(err.message, "too large");
}

static void yaml_parse__too_deep_or_too_large__is_refused(void **state)
{
    auto_strbuf struct strbuf text = { .maximum = 2 * YAML_MAX_TEXT };
    auto_yaml struct yaml yaml = { 0 };
    struct error err;

    (void)state;
    for (int i = 0; i < 100000; i++)
        strbuf_adds(&text, "[");
    assert_int_equal(yaml_parse("t", slice_of(text.data), &yaml, &err), -1);
    assert_contains(err.message, "t:1:201: nested deeper than 200 levels");
    strbuf_clear(&text);
    for (int i = 0; i <= YAML_MAX_TEXT / 16; i++)
        strbuf_adds(&text, "0123456789 12345");
    assert_int_equal(yaml_parse("t", slice_of(text.data), &yaml, &err), -1);
    assert_contains(err.message, "t: is larger than 16777216 bytes");
}

static void yaml_line__table(void **state)
{
    static const char text[] = "# a job\n"
                               "kind: Job\n"
                               "metadata:\n"
                               "  labels:\n"
                               "    app.kubernetes.io/name: x\n"
                               "    app: y\n"
                               "spec:\n"
                               "  roles:\n"
                               "  - name: a\n"
                               "    replicas: 1\n"
                               "  - name: b\n"
                               "    replicas: &r\n"
                               "      count: 2\n"
                               "  other: *r\n";
    static const struct {
        const char *path;
        unsigned line;
    } cases[] = {
        { "", 2 },
        { "kind", 2 },
        { "metadata.labels", 4 },
        { "metadata.labels.app.kubernetes.io/name", 5 },
        { "metadata.labels.app", 6 },
        { "metadata.name", 3 },
        { "spec.roles", 8 },
        { "spec.roles[0]", 9 },
        { "spec.roles[1].name", 11 },
        { "spec.roles[1].replicas.count", 13 },
        { "spec.roles[1].template.spec", 11 },
        { "spec.roles[2].name", 8 },
        { "spec.other.count", 13 },
        { "spec.role", 7 },
        { "nowhere[5].x", 2 },
    };
    auto_yaml struct yaml yaml = { 0 };
    struct error err;

    (void)state;
    assert_int_equal(yaml_parse("t", slice_of(text), &yaml, &err), 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (yaml_line(&yaml.documents[0], cases[i].path) != cases[i].line)
            fail_msg("%s: line %u", cases[i].path, yaml_line(&yaml.documents[0], cases[i].path));
}

static void yaml_dump__object__is_readable(void **state)
{
    json_auto_t *value = OBJ({ "kind", jb_str("Pod") },
                             { "empty", json_object() },
                             { "none", json_null() },
                             { "args", ARR(jb_str("--rate=1"), jb_str("-x"), jb_str("-"), jb_str("yes"), jb_str("1")) },
                             { "matrix", ARR(ARR(jb_int(1), json_real(2.5)), json_array()) },
                             { "env", ARR(OBJ({ "name", jb_str("A") }, { "value", jb_str("1:20") }), jb_bool(true)) },
                             { "script", jb_str("set -e\n\n  run # it\n") },
                             { "tail", OBJ({ "cut", jb_str("a\nb") }, { "kept", jb_str("a\n\n") }) },
                             { "a: b", jb_str("c #d") },
                             { "when", jb_str("2026-11-23T06:00:00Z") },
                             { "text", jb_str("it's \"plain\", really") });
    auto_strbuf struct strbuf text = { 0 };

    (void)state;
    yaml_dump(value, &text);
    assert_string_equal(text.data,
                        "kind: Pod\n"
                        "empty: {}\n"
                        "none: null\n"
                        "args:\n"
                        "- --rate=1\n"
                        "- -x\n"
                        "- \"-\"\n"
                        "- \"yes\"\n"
                        "- \"1\"\n"
                        "matrix:\n"
                        "- - 1\n"
                        "  - 2.5\n"
                        "- []\n"
                        "env:\n"
                        "- name: A\n"
                        "  value: \"1:20\"\n"
                        "- true\n"
                        "script: |\n"
                        "  set -e\n"
                        "\n"
                        "    run # it\n"
                        "tail:\n"
                        "  cut: |-\n"
                        "    a\n"
                        "    b\n"
                        "  kept: |+\n"
                        "    a\n"
                        "\n"
                        "\"a: b\": \"c #d\"\n"
                        "when: \"2026-11-23T06:00:00Z\"\n"
                        "text: it's \"plain\", really\n");
}

/* Strings that look like something else, or cannot stand as they are. */
static const char *const strings[] = {
    "",
    " ",
    "a ",
    " a",
    "\n",
    "\na",
    "a\n b\n",
    " a\nb",
    "a \nb",
    "a\tb",
    "\ta",
    "a\n\tb",
    "~",
    "null",
    "y",
    "0x1f",
    "1e3",
    "1e",
    ".inf",
    "1_0",
    "<<",
    "=",
    "? a",
    ": a",
    "a:",
    "a: b",
    "a:b",
    "a #b",
    "a#b",
    "#a",
    "- a",
    "-a",
    "--- a",
    "---",
    "...",
    "&a",
    "*a",
    "!a",
    "|a",
    ">a",
    "%a",
    "@a",
    "`a",
    "{a}",
    "[a]",
    "a, b",
    ",a",
    "\"a\"",
    "'a'",
    "a\\b",
    "a\rb",
    "a\033b",
    "a\177b",
    "\302\205",
    "\302\240",
    "\342\200\250",
    "\357\273\277a",
    "\360\237\230\200",
    "\303\251",
    "a\n\n\n",
    "a\n---\nb\n",
    "a\r\nb",
    "a\342\200\251\nb",
    "\357\277\277",
    "2001-1-1x",
};

static void yaml_dump__any_string__reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
        json_auto_t *value = OBJ({ "v", jb_str(strings[i]) }, { "l", ARR(jb_str(strings[i])) }, { "o", json_object() });
        auto_strbuf struct strbuf text = { 0 };
        auto_yaml struct yaml yaml = { 0 };
        struct error err;

        jb_set(jb_child_object(value, "o"), strings[i], jb_str(strings[i]));
        yaml_dump(value, &text);
        if (yaml_parse("dump", slice_of(text.data), &yaml, &err) < 0)
            fail_msg("%s\n%s", err.message, text.data);
        if (!json_equal(value, yaml.documents[0].value))
            fail_msg("not read back:\n%s", text.data);
    }
}

static void yaml_dump__bare_values_and_long_keys__read_back(void **state)
{
    auto_free char *key = xcalloc(3001, 1);
    json_t *values[] = { jb_str("a\nb\n"),
                         jb_int(INT64_MIN),
                         json_real(0.1),
                         json_real(1e300),
                         json_null(),
                         json_array(),
                         ARR(json_array()),
                         NULL,
                         NULL };

    (void)state;
    memset(key, 'k', 3000);
    values[7] = OBJ({ key, ARR(jb_int(1), OBJ({ key, OBJ({ "a", jb_int(1) }) })) }, { "b", jb_str("c") });
    values[8] = ARR(OBJ({ key, jb_str("x\ny") }));
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        json_auto_t *value = values[i];
        auto_strbuf struct strbuf text = { 0 };
        auto_yaml struct yaml yaml = { 0 };
        struct error err;

        yaml_dump(value, &text);
        if (yaml_parse("dump", slice_of(text.data), &yaml, &err) < 0)
            fail_msg("%s\n%s", err.message, text.data);
        assert_true(json_is_null(value) ? yaml.count == 0 : json_equal(value, yaml.documents[0].value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_parse__plain_scalars__are_what_kubectl_reads),
        cmocka_unit_test(yaml_parse__collections__keep_their_order),
        cmocka_unit_test(yaml_parse__bad_input__is_refused_with_its_place),
        cmocka_unit_test(yaml_parse__several_documents__empty_ones_are_left_out),
        cmocka_unit_test(yaml_parse__alias_across_documents__is_refused),
        cmocka_unit_test(yaml_parse__alias_bomb__is_refused),
        cmocka_unit_test(yaml_parse__alias_of_a_long_string__is_refused),
        cmocka_unit_test(yaml_parse__too_deep_or_too_large__is_refused),
        cmocka_unit_test(yaml_line__table),
        cmocka_unit_test(yaml_dump__object__is_readable),
        cmocka_unit_test(yaml_dump__any_string__reads_back),
        cmocka_unit_test(yaml_dump__bare_values_and_long_keys__read_back),
    };

    return RUN_TESTS(tests);
}
