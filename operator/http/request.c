#define _GNU_SOURCE /* strptime, timegm */
#include "request.h"

#include <ctype.h>
#include <time.h>

#include "../base/memory.h"

enum { RETRY_AFTER_MAX_MS = 5 * 60 * 1000 };

struct http_request *http_request_create(enum http_method method,
                                         char *take_path,
                                         const char *content_type,
                                         char *take_body)
{
    struct http_request *request = xcalloc(1, sizeof(*request));

    *request =
        (struct http_request){ .method = method, .path = take_path, .content_type = content_type, .body = take_body };
    return request;
}

void http_request_destroy(struct http_request *request)
{
    if (!request)
        return;
    free(request->path);
    free(request->body);
    free(request);
}

const char *http_method_name(enum http_method method)
{
    static const char *const names[] = { "GET", "POST", "PATCH", "PUT", "DELETE" };

    return names[method];
}

/* Seconds of an HTTP date (RFC 9110 5.6.7; the one form that may still be sent) from now on; 0 when it is none. */
static int64_t seconds_until(const char *date, int64_t now)
{
    struct tm tm = { 0 };
    const char *end = strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm);

    return end && !*end ? timegm(&tm) - now : 0;
}

/* A number of seconds; 0 when anything but white space follows it. */
static int64_t parse_seconds(const char *digits)
{
    int64_t seconds = 0;

    for (; isdigit((unsigned char)*digits); digits++)
        if (seconds < RETRY_AFTER_MAX_MS)
            seconds = seconds * 10 + (*digits - '0');
    while (isspace((unsigned char)*digits))
        digits++;
    return *digits ? 0 : seconds;
}

unsigned http_retry_after_ms(const char *value, int64_t now)
{
    int64_t seconds;

    if (!value)
        return 0;
    while (isspace((unsigned char)*value))
        value++;
    seconds = isdigit((unsigned char)*value) ? parse_seconds(value) : seconds_until(value, now);
    if (seconds <= 0)
        return 0;
    return seconds > RETRY_AFTER_MAX_MS / 1000 ? RETRY_AFTER_MAX_MS : (unsigned)seconds * 1000;
}
