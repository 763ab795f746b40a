#include "../../operator/base/memory.h"
#include "../../operator/engine/prometheus.h"
#include "unit.h"

#define VECTOR(items) "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" items "]}}"
#define SERIES(value) "{\"metric\":{\"job\":\"chat\"},\"value\":[1795413600.123,\"" value "\"]}"

static const struct {
    const char *name;
    int status;
    const char *body;
    const char *value, *error; /* one of them */
} cases[] = {
    { "one series", 200, VECTOR(SERIES("0.25")), "0.25", NULL },
    { "as it was written", 200, VECTOR(SERIES("1.7e-05")), "1.7e-05", NULL },
    { "infinite", 200, VECTOR(SERIES("+Inf")), "+Inf", NULL },
    { "other fields and order",
      200,
      "{\"warnings\":[\"w\"],\"data\":{\"result\":[{\"value\":[1,\"3\"],\"metric\":{}}],\"stats\":{},\"resultType\":"
      "\"vector\"},\"status\":\"success\"}",
      "3",
      NULL },
    { "a scalar",
      200,
      "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1795413600,\"42\"]}}",
      "42",
      NULL },
    { "nothing", 200, VECTOR(""), NULL, "gives no series" },
    { "three series",
      200,
      VECTOR(SERIES("1") "," SERIES("2") "," SERIES("3")),
      NULL,
      "3 series and not one number: "
      "aggregate it, for instance with "
      "sum(...)" },
    { "NaN", 200, VECTOR(SERIES("NaN")), NULL, "clamp_min(..., 1)" },
    { "a scalar NaN",
      200,
      "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"NaN\"]}}",
      NULL,
      "gives NaN" },
    { "a histogram",
      200,
      VECTOR("{\"metric\":{},\"histogram\":[1,{\"count\":\"5\",\"sum\":\"7\",\"buckets\":[]}]}"),
      NULL,
      "histogram_quantile" },
    { "a range",
      200,
      "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[[1,\"2\"]]}]}"
      "}",
      NULL,
      "rate(...[5m])" },
    { "a string",
      200,
      "{\"status\":\"success\",\"data\":{\"resultType\":\"string\",\"result\":[1,\"x\"]}}",
      NULL,
      "no number" },
    { "a word for a number", 200, VECTOR(SERIES("many")), NULL, "no number" },
    { "a number that is none", 200, VECTOR("{\"metric\":{},\"value\":[1,2]}"), NULL, "histogram" },
    { "hexadecimal", 200, VECTOR(SERIES("0x10")), NULL, "no number" },
    { "an empty number", 200, VECTOR(SERIES("")), NULL, "no number" },
    { "does not parse",
      400,
      "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"invalid parameter \\\"query\\\": 1:5: parse "
      "error:\\nunexpected end\"}",
      NULL,
      "Prometheus refuses the query: invalid parameter \"query\": 1:5: parse error: unexpected end" },
    { "takes too long",
      503,
      "{\"status\":\"error\",\"errorType\":\"timeout\",\"error\":\"query timed out in expression evaluation\"}",
      NULL,
      "query timed out" },
    { "an error without words", 500, "{\"status\":\"error\"}", NULL, "in trouble (HTTP 500)" },
    { "a gateway's page", 502, "<html>secret</html>", NULL, "in trouble (HTTP 502)" },
    { "redirect", 302, "", NULL, "leads elsewhere (HTTP 302)" },
    { "credentials", 401, "Unauthorized", NULL, "wants credentials (HTTP 401)" },
    { "denied", 403, "", NULL, "wants credentials (HTTP 403)" },
    { "another path", 404, "404 page not found", NULL, "prefix of its path" },
    { "a web page", 200, "<html>", NULL, "does not answer as Prometheus does" },
    { "another API", 200, "{\"kind\":\"Status\",\"status\":\"Failure\"}", NULL, "does not answer as Prometheus does" },
    { "cut off", 200, "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\"", NULL, "does not answer" },
    { "no data", 200, "{\"status\":\"success\"}", NULL, "no number" },
    { "data of another type", 200, "{\"status\":\"success\",\"data\":7}", NULL, "no number" },
    { "a result of another type",
      200,
      "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":{}}}",
      NULL,
      "" },
    { "series of another type", 200, VECTOR("7"), NULL, "histogram" },
    { "trailing bytes", 200, VECTOR(SERIES("1")) "x", NULL, "does not answer" },
    { "empty", 200, "", NULL, "does not answer" },
};

static void prometheus_value__table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_arena struct arena arena = { 0 };
        const char *value = NULL;
        struct error err = { 0 };
        int result = prometheus_value(cases[i].status, slice_of(cases[i].body), &arena, &value, &err);

        if (cases[i].value && (result < 0 || strcmp(value, cases[i].value) != 0))
            fail_msg("%s: %s", cases[i].name, result < 0 ? err.message : value);
        if (cases[i].error && (result == 0 || !strstr(err.message, cases[i].error)))
            fail_msg("%s: %s", cases[i].name, result == 0 ? value : err.message);
        if (strstr(err.message, "secret"))
            fail_msg("%s: quotes the answer: %s", cases[i].name, err.message);
    }
}

static void prometheus_value__long_words__are_cut_between_characters(void **state)
{
    auto_arena struct arena arena = { 0 };
    char body[700] = "{\"status\":\"error\",\"error\":\"x";
    const char *value;
    struct error err;

    (void)state;
    for (int i = 0; i < 150; i++)
        strcat(body, "\xe9\x8d\x9b");
    strcat(body, "\"}");
    assert_int_equal(prometheus_value(400, slice_of(body), &arena, &value, &err), -1);
    assert_int_equal(strlen(strstr(err.message, ": ") + 2), 199); /* 66 characters of 3 bytes, and the x */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prometheus_value__table),
        cmocka_unit_test(prometheus_value__long_words__are_cut_between_characters),
    };

    return RUN_TESTS(tests);
}
