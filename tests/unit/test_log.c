#define _GNU_SOURCE
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/engine/log.h"
#include "capture.h"

enum { LENGTH_OF_TIME = 24 }; /* 2026-11-22T10:00:20.123Z */

static struct capture begin(enum log_level level, enum log_format format)
{
    log_setup(level, format);
    return capture_begin(STDERR_FILENO);
}

static void one_line(enum log_format format, const char *text, struct strbuf *ret)
{
    struct capture capture = begin(LOG_INFO, format);

    log_info("told", KV_STR("text", text), KV_INT("count", -7));
    capture_end(&capture, ret);
    assert_true(ret->length > 0);
    assert_ptr_equal(strchr(strbuf_text(ret), '\n'), strbuf_text(ret) + ret->length - 1);
}

static const struct {
    const char *text, *logfmt, *json;
} texts[] = {
    { "plain", "plain", "plain" },
    { "a/b:c,{d}", "a/b:c,{d}", "a/b:c,{d}" },
    { "", "\"\"", "" },
    { "two words", "\"two words\"", "two words" },
    { "a=b", "\"a=b\"", "a=b" },
    { "say \"no\"", "\"say \\\"no\\\"\"", "say \"no\"" },
    { "back\\slash", "\"back\\\\slash\"", "back\\slash" },
    { "line\nline", "\"line\\nline\"", "line\nline" },
    { "\ttab\x01\x1f", "\"\\u0009tab\\u0001\\u001f\"", "\ttab\x01\x1f" },
    { "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"", "gr\xc3\xbc\xc3\x9f" },
    { "latin\xfc", "\"latin\xef\xbf\xbd\"", "latin\xef\xbf\xbd" },
    { NULL, "\"\"", "" },
};

static void logfmt__text__is_quoted_where_it_must_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        auto_strbuf struct strbuf line = { 0 }, wanted = { 0 };

        one_line(LOG_LOGFMT, texts[i].text, &line);
        strbuf_addf(&wanted, " level=info msg=\"told\" text=%s count=-7\n", texts[i].logfmt);
        assert_memory_equal(strbuf_text(&line), "ts=2", 4);
        assert_true(line.length > 3 + LENGTH_OF_TIME);
        assert_string_equal(strbuf_text(&line) + 3 + LENGTH_OF_TIME, strbuf_text(&wanted));
    }
}

static void json__text__reads_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        auto_strbuf struct strbuf line = { 0 };
        json_auto_t *read = NULL;
        struct error err;

        one_line(LOG_JSON, texts[i].text, &line);
        if (jb_parse((struct slice){ strbuf_text(&line), line.length }, &read, &err) < 0)
            fail_msg("%s: %s", err.message, strbuf_text(&line));
        assert_string_equal(jb_get_str(read, "text"), texts[i].json);
        assert_int_equal(jb_get_int(read, "count", 0), -7);
        assert_string_equal(jb_get_str(read, "level"), "info");
        assert_string_equal(jb_get_str(read, "msg"), "told");
        assert_int_equal(strlen(jb_get_str(read, "ts")), LENGTH_OF_TIME);
    }
}

/* An admission webhook may answer with megabytes; the line is still one, and still JSON. */
static void json__endless_texts__are_cut(void **state)
{
    auto_strbuf struct strbuf line = { 0 }, endless = { 0 };
    json_auto_t *read = NULL;
    struct capture capture;
    const char *text;
    struct error err;

    (void)state;
    for (int i = 0; i < 100000; i++)
        strbuf_adds(&endless, i % 2 ? "\"" : "\xc3\xbc");
    capture = begin(LOG_INFO, LOG_JSON);
    log_info("told", KV_STR("a", strbuf_text(&endless)), KV_STR("b", strbuf_text(&endless)), KV_STR("c", "end"));
    capture_end(&capture, &line);
    assert_int_equal(jb_parse((struct slice){ strbuf_text(&line), line.length }, &read, &err), 0);
    text = jb_get_str(read, "b");
    assert_in_range(strlen(text), 1000, 4000);
    assert_string_equal(text + strlen(text) - 3, "...");
    assert_string_equal(jb_get_str(read, "c"), "end");
}

static void logfmt__endless_word__is_cut(void **state)
{
    auto_strbuf struct strbuf line = { 0 }, endless = { 0 };

    (void)state;
    for (int i = 0; i < 100000; i++)
        strbuf_addc(&endless, 'x');
    one_line(LOG_LOGFMT, strbuf_text(&endless), &line);
    assert_in_range(line.length, 1000, 4000);
    assert_contains(strbuf_text(&line), "x...\" count=-7\n");
}

static void level__below_the_lowest__is_not_written(void **state)
{
    static const struct {
        enum log_level lowest;
        const char *written;
    } rows[] = {
        { LOG_DEBUG, "debug info warn error " },
        { LOG_INFO, "info warn error " },
        { LOG_WARN, "warn error " },
        { LOG_ERROR, "error " },
        { LOG_OFF, "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_strbuf struct strbuf lines = { 0 }, levels = { 0 };
        struct capture capture = begin(rows[i].lowest, LOG_LOGFMT);

        log_debug("a");
        log_info("a");
        log_warn("a");
        log_error("a");
        capture_end(&capture, &lines);
        for (const char *at = strbuf_text(&lines); (at = strstr(at, " level=")); at++)
            strbuf_addf(&levels, "%.*s ", (int)strcspn(at + 7, " "), at + 7);
        assert_string_equal(strbuf_text(&levels), rows[i].written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt__text__is_quoted_where_it_must_be),
        cmocka_unit_test(json__text__reads_as_it_was),
        cmocka_unit_test(json__endless_texts__are_cut),
        cmocka_unit_test(logfmt__endless_word__is_cut),
        cmocka_unit_test(level__below_the_lowest__is_not_written),
    };

    return RUN_TESTS(tests);
}
