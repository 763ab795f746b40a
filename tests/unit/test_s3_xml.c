#include "../../agent/s3/xml.h"
#include "../../operator/base/memory.h"
#include "unit.h"

/* "+a" opens, "-a:text" closes; "!" is an error. */
static void trace(const char *document, struct strbuf *out)
{
    enum xml_event event;
    struct slice name;
    struct xml xml;

    xml_init(&xml, slice_of(document));
    while ((event = xml_next(&xml, &name)) != XML_END) {
        strbuf_addf(out, "%s%.*s", event == XML_OPEN ? "+" : "-", (int)name.length, name.data);
        if (event == XML_CLOSE)
            strbuf_addf(out, ":%.*s", (int)xml.text.length, xml.text.data);
    }
    if (xml.problem)
        strbuf_adds(out, "!");
}

static void next__documents__give_elements_and_text(void **state)
{
    static const char *const rows[][2] = {
        { "", "" },
        { "<a>x</a>", "+a-a:x" },
        { "<?xml version=\"1.0\"?>\n<a xmlns=\"u\"><b>1</b><c/></a>\n", "+a+b-b:1+c-c:-a:" },
        { "<!-- <x> --><a b='c' />", "+a-a:" },
        { "<a>&lt;</a>", "+a-a:&lt;" },
        { "<a>", "+a!" },
        { "<a", "!" },
        { "<>", "!" },
        { "</a>", "!" },
        { "<a></b>", "+a!" },
        { "<a></a", "+a!" },
        { "<!DOCTYPE a>", "!" },
        { "<!-- x", "!" },
        { "<?xml", "!" },
        { "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>", "+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a!" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_strbuf struct strbuf out = { 0 };

        trace(rows[i][0], &out);
        assert_string_equal(strbuf_text(&out), rows[i][1]);
    }
}

static void unescape__references__become_what_they_mean(void **state)
{
    static const char *const rows[][2] = {
        { "a&amp;b", "a&b" },
        { "&lt;&gt;&quot;&apos;", "<>\"'" },
        { "&#65;&#x42;", "AB" },
        { "&#xe4;", "\xc3\xa4" },
        { "&#x20ac;", "\xe2\x82\xac" },
        { "&#128512;", "\xf0\x9f\x98\x80" },
        { "&nbsp;", NULL },
        { "&amp", NULL },
        { "&#0;", NULL },
        { "&#xd800;", NULL },
        { "&#x110000;", NULL },
        { "&#;", NULL },
        { "&#-1;", NULL },
        { "&#x;", NULL },
        { "&;", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_strbuf struct strbuf out = { 0 };

        if (xml_unescape(slice_of(rows[i][0]), &out) != (rows[i][1] != NULL))
            fail_msg("%s", rows[i][0]);
        if (rows[i][1])
            assert_string_equal(strbuf_text(&out), rows[i][1]);
    }
}

static void find__names__first_one_counts(void **state)
{
    auto_strbuf struct strbuf out = { 0 };

    (void)state;
    assert_true(xml_find(slice_of("<Error><Code>A&amp;B</Code><Code>C</Code></Error>"), "Code", &out));
    assert_string_equal(strbuf_text(&out), "A&B");
    assert_false(xml_find(slice_of("<Error/>"), "Code", &out));
    assert_false(xml_find(slice_of("<Error><Code>A"), "Code", &out));
    assert_false(xml_find(slice_of("{\"Code\": \"A\"}"), "Code", &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next__documents__give_elements_and_text),
        cmocka_unit_test(unescape__references__become_what_they_mean),
        cmocka_unit_test(find__names__first_one_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
