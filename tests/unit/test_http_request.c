#include "../../operator/base/memory.h"
#include "../../operator/http/request.h"
#include "unit.h"

enum { NOW = 1000000000 }; /* Sun, 09 Sep 2001 01:46:40 GMT */

static void retry_after__any_value__is_read_or_0(void **state)
{
    static const struct {
        const char *value;
        unsigned want_ms;
    } cases[] = {
        { NULL, 0 },
        { "", 0 },
        { "0", 0 },
        { "1", 1000 },
        { "  7 ", 7000 },
        { "300", 300000 },
        { "301", 300000 },
        { "99999999999999999999999999", 300000 },
        { "-1", 0 },
        { "1.5", 0 },
        { "12 apples", 0 },
        { "soon", 0 },
        { "Sun, 09 Sep 2001 01:46:43 GMT", 3000 },
        { "Sun, 09 Sep 2001 01:46:40 GMT", 0 },
        { "Sun, 09 Sep 2001 01:46:00 GMT", 0 },
        { "Sun, 09 Sep 2031 01:46:00 GMT", 300000 },
        { "Sun, 09 Sep 2001 01:46:43 GMT+1", 0 },
        { "Sun, 09 Sep 2001", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(http_retry_after_ms(cases[i].value, NOW), cases[i].want_ms);
}

static void method_name__all__are_words(void **state)
{
    (void)state;
    assert_string_equal(http_method_name(HTTP_GET), "GET");
    assert_string_equal(http_method_name(HTTP_PATCH), "PATCH");
    assert_string_equal(http_method_name(HTTP_DELETE), "DELETE");
}

static void request__destroyed__frees_its_texts(void **state)
{
    struct http_request *request = http_request_create(HTTP_POST, xstrdup("/a"), "application/json", xstrdup("{}"));

    (void)state;
    assert_int_equal(request->method, HTTP_POST);
    assert_string_equal(request->path, "/a");
    assert_string_equal(request->body, "{}");
    http_request_destroy(request);
    http_request_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after__any_value__is_read_or_0),
        cmocka_unit_test(method_name__all__are_words),
        cmocka_unit_test(request__destroyed__frees_its_texts),
    };

    return RUN_TESTS(tests);
}
