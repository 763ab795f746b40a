#include "prometheus.h"

#include <stdlib.h>
#include <string.h>

#include "../base/scan.h"
#include "../base/text.h"

enum { QUOTED = 200 }; /* bytes of what Prometheus says of a query */

/* What an answer holds; strings are in the arena, NULL where there is none. */
struct result {
    const char *status, *error, *type;
    struct slice data;
};

static const char *text_or_skip(struct scan *scan, struct arena *arena)
{
    if (scan_peek(scan) == SCAN_STRING)
        return scan_string(scan, arena);
    scan_skip(scan);
    return NULL;
}

static void read_data(struct scan *scan, struct arena *arena, struct result *ret)
{
    struct slice key;

    if (scan_peek(scan) != SCAN_OBJECT) {
        scan_skip(scan);
        return;
    }
    scan_open(scan, SCAN_OBJECT);
    while (scan_key(scan, &key)) {
        if (slice_is(key, "resultType"))
            ret->type = text_or_skip(scan, arena);
        else if (slice_is(key, "result"))
            ret->data = scan_raw(scan);
        else
            scan_skip(scan);
    }
}

/* False: no answer of Prometheus. */
static bool read_result(struct slice body, struct arena *arena, struct result *ret)
{
    struct slice key;
    struct scan scan;

    *ret = (struct result){ 0 };
    scan_init(&scan, body);
    scan_open(&scan, SCAN_OBJECT);
    while (scan_key(&scan, &key)) {
        if (slice_is(key, "status"))
            ret->status = text_or_skip(&scan, arena);
        else if (slice_is(key, "error"))
            ret->error = text_or_skip(&scan, arena);
        else if (slice_is(key, "data"))
            read_data(&scan, arena, ret);
        else
            scan_skip(&scan);
    }
    scan_end(&scan);
    return !scan_failed(&scan) && ret->status;
}

/* -- the number ---------------------------------------------------------------------------------------------------- */

static bool is_number(const char *text)
{
    char *end;

    if (!*text || strspn(text, "+-.0123456789eEInf") != strlen(text))
        return false;
    strtod(text, &end);
    return !*end;
}

static int check_number(const char *text, const char **ret, struct error *err)
{
    if (strcmp(text, "NaN") == 0)
        return error_set(err,
                         ERROR_INVALID,
                         "the query gives NaN: as a rule nothing was counted yet and it divides by 0; divide by "
                         "something like clamp_min(..., 1), or look at a longer time");
    if (!is_number(text))
        return error_set(err, ERROR_INVALID, "the query gives something that is no number");
    *ret = text;
    return 0;
}

/* [time, "number"]; NULL: it is none. */
static const char *read_sample(struct scan *scan, struct arena *arena)
{
    const char *text = NULL;
    size_t place = 0;

    if (scan_peek(scan) != SCAN_ARRAY) {
        scan_skip(scan);
        return NULL;
    }
    scan_open(scan, SCAN_ARRAY);
    for (; scan_item(scan); place++) {
        if (place == 1)
            text = text_or_skip(scan, arena);
        else
            scan_skip(scan);
    }
    return text;
}

/* {metric, value} or {metric, histogram} */
static const char *read_series(struct scan *scan, struct arena *arena)
{
    const char *text = NULL;
    struct slice key;

    if (scan_peek(scan) != SCAN_OBJECT) {
        scan_skip(scan);
        return NULL;
    }
    scan_open(scan, SCAN_OBJECT);
    while (scan_key(scan, &key)) {
        if (slice_is(key, "value"))
            text = read_sample(scan, arena);
        else
            scan_skip(scan);
    }
    return text;
}

static int decode_vector(struct slice data, struct arena *arena, const char **ret, struct error *err)
{
    const char *text = NULL;
    size_t count = 0;
    struct scan scan;

    scan_init(&scan, data);
    scan_open(&scan, SCAN_ARRAY);
    while (scan_item(&scan)) {
        if (count++ == 0)
            text = read_series(&scan, arena);
        else
            scan_skip(&scan);
    }
    if (scan_failed(&scan))
        return scan_error(&scan, err);
    if (!count)
        return error_set(err,
                         ERROR_INVALID,
                         "the query gives no series: nothing with that name and those labels is there now; where that "
                         "means 0, add: or vector(0)");
    if (count > 1)
        return error_set(err,
                         ERROR_INVALID,
                         "the query gives %zu series and not one number: aggregate it, for instance with sum(...)",
                         count);
    if (!text)
        return error_set(err,
                         ERROR_INVALID,
                         "the query gives a histogram: make one number of it, for instance with "
                         "histogram_quantile(0.99, ...)");
    return check_number(text, ret, err);
}

static int decode_scalar(struct slice data, struct arena *arena, const char **ret, struct error *err)
{
    const char *text;
    struct scan scan;

    scan_init(&scan, data);
    text = read_sample(&scan, arena);
    if (scan_failed(&scan))
        return scan_error(&scan, err);
    return text ? check_number(text, ret, err)
                : error_set(err, ERROR_INVALID, "the query gives something that is no number");
}

static int decode_result(const struct result *result, struct arena *arena, const char **ret, struct error *err)
{
    const char *type = result->type && result->data.data ? result->type : "";

    if (strcmp(type, "vector") == 0)
        return decode_vector(result->data, arena, ret, err);
    if (strcmp(type, "scalar") == 0)
        return decode_scalar(result->data, arena, ret, err);
    if (strcmp(type, "matrix") == 0)
        return error_set(err,
                         ERROR_INVALID,
                         "the query gives a range of time and not one number: put it into a function, for instance "
                         "rate(...[5m])");
    return error_set(err, ERROR_INVALID, "the query gives something that is no number");
}

/* -- what is no answer --------------------------------------------------------------------------------------------- */

static int refuse(int http_status, struct error *err)
{
    if (http_status >= 300 && http_status < 400)
        return error_set(err,
                         ERROR_INVALID,
                         "what is at --prometheus-url leads elsewhere (HTTP %d): name where that is in the flag",
                         http_status);
    if (http_status == 401 || http_status == 403)
        return error_set(err,
                         ERROR_DENIED,
                         "what is at --prometheus-url wants credentials (HTTP %d), and the operator has none for it",
                         http_status);
    if (http_status == 200 || http_status == 404)
        return error_set(err,
                         ERROR_INVALID,
                         "what is at --prometheus-url does not answer as Prometheus does (HTTP %d): is the flag right, "
                         "with the prefix of its path?",
                         http_status);
    return error_set(err, ERROR_TRANSIENT, "Prometheus is in trouble (HTTP %d); its own log may say why", http_status);
}

/* At most so much of it, in one line, and no half of a character. */
static char *quote(const char *text, struct arena *arena)
{
    size_t length = strlen(text);
    char *copy = arena_strndup(arena, text, text_cut(text, length < QUOTED ? length : QUOTED));

    for (char *at = copy; *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    return copy;
}

int prometheus_value(int http_status, struct slice body, struct arena *arena, const char **ret, struct error *err)
{
    struct result result;

    if (!read_result(body, arena, &result))
        return refuse(http_status, err);
    if (strcmp(result.status, "error") == 0 && result.error)
        return error_set(err, ERROR_INVALID, "Prometheus refuses the query: %s", quote(result.error, arena));
    if (http_status != 200 || strcmp(result.status, "success") != 0)
        return refuse(http_status, err);
    return decode_result(&result, arena, ret, err);
}
