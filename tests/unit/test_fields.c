#include "../../operator/base/fields.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "unit.h"

struct part {
    const char *name;
    int64_t size;
    bool has_size;
};

enum colour { COLOUR_RED = 1, COLOUR_BLUE };

struct whole {
    const char *text;
    int colour;
    int64_t time;
    int64_t count;
    bool has_count;
    bool on, has_on;
    struct slice raw;
    const struct part *part;
    const struct part *parts;
    size_t parts_count;
    const char *const *words;
    size_t words_count;
    const int64_t *numbers;
    size_t numbers_count;
};

static const struct field part_fields[] = {
    { "name", FIELD_STRING, offsetof(struct part, name), .min = 1, .max = 4, .pattern = "^[^0-9]*$", .required = true },
    { "size",
      FIELD_INT,
      offsetof(struct part, size),
      offsetof(struct part, has_size),
      .min = 0,
      .max = 100,
      .preset = "7" },
};
static const struct fields part_type = { .list = part_fields,
                                         .count = ARRAY_SIZE(part_fields),
                                         .size = sizeof(struct part) };

static const struct field label = { "", FIELD_STRING, .max = 3, .pattern = "^[a-z]" };
static const struct fields labels_type = { .each = &label, .min = 1, .max = 2 };

static const struct field inner_fields[] = {
    { "labels", FIELD_RAW, .of = &labels_type },
    { "policy", FIELD_ENUM, .names = (const char *const[]){ "Never", NULL }, .preset = "\"Never\"" },
};
static const struct fields inner_type = { .list = inner_fields, .count = ARRAY_SIZE(inner_fields), .open = true };

static const char *const colours[] = { "Red", "Blue", NULL };

static const struct field whole_fields[] = {
    { "text", FIELD_STRING, offsetof(struct whole, text) },
    { "colour", FIELD_ENUM, offsetof(struct whole, colour), .names = colours },
    { "time", FIELD_TIME, offsetof(struct whole, time) },
    { "count", FIELD_INT, offsetof(struct whole, count), offsetof(struct whole, has_count) },
    { "on", FIELD_BOOL, offsetof(struct whole, on), offsetof(struct whole, has_on) },
    { "raw", FIELD_RAW, offsetof(struct whole, raw), .of = &inner_type },
    { "part", FIELD_OBJECT, offsetof(struct whole, part), .of = &part_type },
    { "parts",
      FIELD_LIST,
      offsetof(struct whole, parts),
      offsetof(struct whole, parts_count),
      .of = &part_type,
      .min = 1,
      .max = 3,
      .unique = "name",
      .preset = "[{\"name\":\"p\"}]" },
    { "words",
      FIELD_STRINGS,
      offsetof(struct whole, words),
      offsetof(struct whole, words_count),
      .pattern = "^[A-Z]",
      .unique = "" },
    { "numbers", FIELD_INTS, offsetof(struct whole, numbers), offsetof(struct whole, numbers_count), .max = 4 },
};
static const struct fields whole_type = { .list = whole_fields,
                                          .count = ARRAY_SIZE(whole_fields),
                                          .size = sizeof(struct whole) };

static int decode(const char *text, struct arena *arena, struct whole *ret, struct error *err)
{
    struct scan scan;

    scan_init(&scan, slice_of(text));
    return fields_decode(&whole_type, "spec", &scan, arena, ret, err);
}

static void fields_decode__every_type__fills_the_struct(void **state)
{
    auto_arena struct arena arena = { 0 };
    struct error err = { 0 };
    struct whole whole;

    (void)state;
    if (decode("{\"text\":\"a\\nb\",\"colour\":\"Blue\",\"time\":\"2026-11-23T06:00:01Z\",\"count\":-5,\"on\":false,"
               "\"raw\":{\"x\": [1]},\"part\":{\"name\":\"one\"},\"parts\":[{\"name\":\"two\",\"size\":2},"
               "{\"size\":0,\"name\":\"3\"}],\"words\":[\"u\",\"v\"],\"numbers\":[1,-2]}",
               &arena,
               &whole,
               &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(whole.text, "a\nb");
    assert_int_equal(whole.colour, COLOUR_BLUE);
    assert_int_equal(whole.time, 1795413601);
    assert_true(whole.has_count && whole.count == -5);
    assert_true(whole.has_on && !whole.on);
    assert_true(slice_is(whole.raw, "{\"x\": [1]}"));
    assert_string_equal(whole.part->name, "one");
    assert_false(whole.part->has_size); /* a preset is the checker's, and the server's */
    assert_int_equal(whole.parts_count, 2);
    assert_string_equal(whole.parts[0].name, "two");
    assert_int_equal(whole.parts[0].size, 2);
    assert_string_equal(whole.parts[1].name, "3");
    assert_true(whole.parts[1].has_size && whole.parts[1].size == 0);
    assert_int_equal(whole.words_count, 2);
    assert_string_equal(whole.words[1], "v");
    assert_int_equal(whole.numbers_count, 2);
    assert_int_equal(whole.numbers[1], -2);
}

static void fields_decode__absent_or_null__is_absent(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"unknown\":{\"deep\":[{}]},\"other\":\"\\u0041\"}",
        "{\"text\":null,\"colour\":null,\"time\":null,\"count\":null,\"on\":null}",
        "{\"raw\":null,\"part\":null,\"parts\":null,\"words\":null,\"numbers\":null}",
    };
    auto_arena struct arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct error err = { 0 };
        struct whole whole;

        memset(&whole, 0xff, sizeof(whole));
        assert_int_equal(decode(texts[i], &arena, &whole, &err), 0);
        assert_memory_equal(&whole, &(struct whole){ 0 }, sizeof(whole));
    }
}

static void fields_decode__empty_lists__are_there(void **state)
{
    auto_arena struct arena arena = { 0 };
    struct error err = { 0 };
    struct whole whole;

    (void)state;
    assert_int_equal(decode("{\"parts\":[],\"words\":[]}", &arena, &whole, &err), 0);
    assert_non_null(whole.parts);
    assert_non_null(whole.words);
    assert_int_equal(whole.parts_count + whole.words_count, 0);
    assert_null(whole.numbers);
}

static void fields_decode__bad_input__names_the_path(void **state)
{
    static const char *const cases[][2] = {
        { "[]", "spec: expected an object" },
        { "{\"text\":5}", "spec.text: expected a string" },
        { "{\"text\":\"\\q\"}", "spec.text: a malformed escape in a string" },
        { "{\"colour\":\"Green\"}", "spec.colour: unknown value 'Green'" },
        { "{\"time\":\"yesterday\"}", "spec.time: 'yesterday' is not an RFC 3339 time" },
        { "{\"count\":1.5}", "spec.count: expected a whole number" },
        { "{\"count\":9223372036854775808}", "spec.count: a number out of range" },
        { "{\"on\":\"true\"}", "spec.on: expected true or false" },
        { "{\"part\":[]}", "spec.part: expected an object" },
        { "{\"part\":{}}", "spec.part.name: is required" },
        { "{\"part\":{\"name\":null}}", "spec.part.name: is required" },
        { "{\"part\":{\"name\":\"a\",\"size\":-1}}", "spec.part.size: -1 is below 0" },
        { "{\"parts\":[{\"name\":\"a\"},{\"name\":\"b\",\"size\":101}]}", "spec.parts[1].size: 101 is above 100" },
        { "{\"parts\":[null]}", "spec.parts[0]: expected an object" },
        { "{\"parts\":[{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"}]}",
          "spec.parts: more than 3 items" },
        { "{\"words\":{}}", "spec.words: expected an array" },
        { "{\"words\":[\"a\",1]}", "spec.words[1]: expected a string" },
        { "{\"numbers\":[1,2,\"3\"]}", "spec.numbers[2]: expected a whole number" },
        { "{\"text\":\"a\"", "spec: the text ends too early" },
        { "{\"raw\":{", "spec.raw: the text ends too early" },
        { "{\"text\":\"a\",}", "spec: a comma before the end" },
    };
    auto_arena struct arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct error err = { 0 };
        struct whole whole;

        if (decode(cases[i][0], &arena, &whole, &err) != -1)
            fail_msg("%s was accepted", cases[i][0]);
        assert_int_equal(err.kind, ERROR_INVALID);
        assert_string_equal(err.message, cases[i][1]);
    }
}

static void fields_decode__no_path__starts_with_the_field(void **state)
{
    auto_arena struct arena arena = { 0 };
    struct error err = { 0 };
    struct whole whole;
    struct scan scan;

    (void)state;
    scan_init(&scan, slice_of("{\"part\":{}}"));
    assert_int_equal(fields_decode(&whole_type, "", &scan, &arena, &whole, &err), -1);
    assert_string_equal(err.message, "part.name: is required");
}

static void fields_decode__endless_list__is_refused(void **state)
{
    auto_arena struct arena arena = { 0 };
    auto_strbuf struct strbuf text = { 0 };
    struct error err = { 0 };
    struct whole whole;

    (void)state;
    strbuf_adds(&text, "{\"words\":[\"\"");
    for (int i = 0; i < 10000; i++)
        strbuf_adds(&text, ",\"\"");
    strbuf_adds(&text, "]}");
    assert_int_equal(decode(strbuf_text(&text), &arena, &whole, &err), -1);
    assert_string_equal(err.message, "spec.words: more than 10000 items");
}

static void fields_parse_time__table(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2026-11-23T06:00:01Z", 1795413601 },
        { "2026-11-23T06:00:01.123456789Z", 1795413601 },
        { "2026-11-23T15:00:01+09:00", 1795413601 },
        { "2026-11-23T00:30:01.5-05:30", 1795413601 },
        { "2024-02-29T12:00:00Z", 1709208000 },
        { "9999-12-31T23:59:59Z", INT64_C(253402300799) },
        { "", -1 },
        { "2026-11-23", -1 },
        { "2026-11-23T06:00:01", -1 },
        { "2026-11-23 06:00:01Z", -1 },
        { "2026-13-23T06:00:01Z", -1 },
        { "2026-11-23T24:00:01Z", -1 },
        { "2026-11-23T06:00:01Zulu", -1 },
        { "2026-11-23T06:00:01+0900", -1 },
        { "2026-11-23T06:00:01+09:00x", -1 },
        { "2026-11-23T06:00:01 09:00", -1 },
        { "2026-02-30T06:00:01Z", -1 },
        { "2026-11-23T06:00:01.Z", -1 },
        { "2026-11-23T06:00:01+25:00", -1 },
        { "2026-11-23T06:00:01+9:00", -1 },
        { " 2026-11-23T06:00:01Z", -1 },
        { "26-1-3T6:0:1Z", -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (fields_parse_time(cases[i].text) != cases[i].seconds)
            fail_msg("'%s' is %lld", cases[i].text, (long long)fields_parse_time(cases[i].text));
}

static void fields_format_time__is_parsed_back(void **state)
{
    auto_arena struct arena arena = { 0 };

    (void)state;
    assert_string_equal(fields_format_time(&arena, 0), "1970-01-01T00:00:00Z");
    assert_string_equal(fields_format_time(&arena, 1795413601), "2026-11-23T06:00:01Z");
    for (int64_t seconds = 1; seconds < INT64_C(8000000000); seconds = seconds * 3 + 7)
        assert_int_equal(fields_parse_time(fields_format_time(&arena, seconds)), seconds);
}

static void collect(void *context, const char *path, const char *problem)
{
    strbuf_addf(context, "%s: %s\n", path, problem);
}

/* What the checker says of a document, a line for each problem. */
static void check(const char *path, const char *text, struct strbuf *problems, char **ret_document)
{
    struct error err = { 0 };
    json_t *document = NULL;
    unsigned count, lines = 0;

    if (jb_parse(slice_of(text), &document, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    count = fields_check(&whole_type, path, document, collect, problems);
    for (const char *c = strbuf_text(problems); *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, count);
    if (ret_document)
        *ret_document = jb_dump(document, true);
    json_decref(document);
}

static void fields_check__problems__table(void **state)
{
    static const char *const cases[][2] = {
        { "{}", "" },
        { "{\"text\":\"a\",\"colour\":\"Red\",\"time\":\"2026-11-23T06:00:01Z\",\"count\":5,\"on\":true,\"raw\":{},"
          "\"part\":{\"name\":\"a\"},\"words\":[\"U\"],\"numbers\":[1]}",
          "" },
        { "{\"text\":null,\"part\":null}", "" },
        { "{\"text\":5}", "spec.text: expected a string\n" },
        { "{\"teXt\":\"a\",\"zz\":1}", "spec.teXt: unknown field\nspec.zz: unknown field\n" },
        { "{\"colour\":\"Green\"}", "spec.colour: unknown value 'Green'; write one of Red, Blue\n" },
        { "{\"time\":\"now\"}", "spec.time: 'now' is not an RFC 3339 time\n" },
        { "{\"count\":1.5}", "spec.count: expected a whole number\n" },
        { "{\"on\":1}", "spec.on: expected true or false\n" },
        { "{\"raw\":[]}", "spec.raw: expected an object\n" },
        { "{\"raw\":{\"policy\":\"Always\",\"kept\":1}}",
          "spec.raw.policy: unknown value 'Always'; write one of Never\n" },
        { "{\"raw\":{\"labels\":{\"a.b/c\":\"abc\",\"d\":\"e\",\"none\":null}}}", "" },
        { "{\"raw\":{\"labels\":[\"a\"]}}", "spec.raw.labels: expected an object\n" },
        { "{\"raw\":{\"labels\":{\"a.b/c\":5,\"d\":true,\"e\":{}}}}",
          "spec.raw.labels.a.b/c: expected a string\nspec.raw.labels.d: expected a string\n"
          "spec.raw.labels.e: expected a string\nspec.raw.labels: more than 2 entries\n" },
        { "{\"raw\":{\"labels\":{\"a\":\"abcd\",\"b\":\"A\"}}}",
          "spec.raw.labels.a: 'abcd' is longer than 3 characters\nspec.raw.labels.b: 'A' does not match ^[a-z]\n" },
        { "{\"raw\":{\"labels\":{\"a\":null}}}", "spec.raw.labels: fewer than 1 entries\n" },
        { "{\"part\":{\"size\":101}}", "spec.part.name: is required\nspec.part.size: 101 is not between 0 and 100\n" },
        { "{\"part\":{\"name\":null}}", "spec.part.name: is required\n" },
        { "{\"part\":{\"name\":\"\"}}", "spec.part.name: '' is shorter than 1 characters\n" },
        { "{\"part\":{\"name\":\"\xe9\x8d\x9b\xe9\x8d\x9b\xe9\x8d\x9b\xe9\x8d\x9b\"}}",
          "" }, /* 4 characters, 12 bytes */
        { "{\"part\":{\"name\":\"abcde\"}}", "spec.part.name: 'abcde' is longer than 4 characters\n" },
        { "{\"part\":{\"name\":\"a1\"}}", "spec.part.name: 'a1' does not match ^[^0-9]*$\n" },
        { "{\"parts\":[]}", "spec.parts: fewer than 1 items\n" },
        { "{\"parts\":{}}", "spec.parts: expected a list\n" },
        { "{\"parts\":[5,{\"name\":\"a\",\"x\":1}]}",
          "spec.parts[0]: expected an object\nspec.parts[1].x: unknown field\n" },
        { "{\"parts\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"a\"},{\"name\":\"c\"}]}",
          "spec.parts: more than 3 items\nspec.parts[2]: repeats item 0: the same name\n" },
        { "{\"parts\":[{\"size\":1},{\"size\":1}]}",
          "spec.parts[0].name: is required\nspec.parts[1].name: is required\n" },
        { "{\"words\":[\"A\",1,\"a\",\"A\"]}",
          "spec.words[1]: expected a string\nspec.words[2]: 'a' does not match ^[A-Z]\n"
          "spec.words[3]: repeats item 0\n" },
        { "{\"numbers\":[1,\"2\",3,4,5]}",
          "spec.numbers: more than 4 items\nspec.numbers[1]: expected a whole number\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_strbuf struct strbuf problems = { 0 };

        check("spec", cases[i][0], &problems, NULL);
        if (strcmp(strbuf_text(&problems), cases[i][1]) != 0)
            fail_msg("%s:\n%s", cases[i][0], strbuf_text(&problems));
    }
}

static void fields_check__no_path__starts_with_the_field(void **state)
{
    auto_strbuf struct strbuf problems = { 0 };

    (void)state;
    check("", "{\"part\":{\"x\":1}}", &problems, NULL);
    assert_string_equal(strbuf_text(&problems), "part.x: unknown field\npart.name: is required\n");
}

static void fields_check__defaults__table(void **state)
{
    static const char *const cases[][2] = {
        { "{}", "{\"parts\":[{\"name\":\"p\",\"size\":7}]}" },
        { "{\"parts\":null}", "{\"parts\":[{\"name\":\"p\",\"size\":7}]}" },
        { "{\"text\":null,\"parts\":[{\"name\":\"a\",\"size\":null}]}", "{\"parts\":[{\"name\":\"a\",\"size\":7}]}" },
        { "{\"parts\":[{\"name\":\"a\",\"size\":0}],\"raw\":{\"kept\":null}}",
          "{\"parts\":[{\"name\":\"a\",\"size\":0}],\"raw\":{\"kept\":null,\"policy\":\"Never\"}}" },
        { "{\"parts\":null,\"raw\":{\"labels\":{\"a\":\"b\",\"c\":null}}}",
          "{\"parts\":[{\"name\":\"p\",\"size\":7}],\"raw\":{\"labels\":{\"a\":\"b\"},\"policy\":\"Never\"}}" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_strbuf struct strbuf problems = { 0 };
        auto_free char *document = NULL;

        check("spec", cases[i][0], &problems, &document);
        assert_string_equal(strbuf_text(&problems), "");
        assert_string_equal(document, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_decode__every_type__fills_the_struct),
        cmocka_unit_test(fields_decode__absent_or_null__is_absent),
        cmocka_unit_test(fields_decode__empty_lists__are_there),
        cmocka_unit_test(fields_decode__bad_input__names_the_path),
        cmocka_unit_test(fields_decode__no_path__starts_with_the_field),
        cmocka_unit_test(fields_decode__endless_list__is_refused),
        cmocka_unit_test(fields_parse_time__table),
        cmocka_unit_test(fields_format_time__is_parsed_back),
        cmocka_unit_test(fields_check__problems__table),
        cmocka_unit_test(fields_check__no_path__starts_with_the_field),
        cmocka_unit_test(fields_check__defaults__table),
    };

    return RUN_TESTS(tests);
}
