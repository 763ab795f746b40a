#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct http_status HTTP_STATUSES[] = {
    { 200, "OK" },
    { 400, "Bad Request" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 411, "Length Required" },
    { 413, "Content Too Large" },
    { 417, "Expectation Failed" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 503, "Service Unavailable" },
    { 505, "HTTP Version Not Supported" },
    { 0, NULL },
};

_Static_assert(sizeof(HTTP_STATUSES) / sizeof(HTTP_STATUSES[0]) == HTTP_STATUS_COUNT + 1, "HTTP_STATUS_COUNT is stale");

size_t http_status_index(int code)
{
    size_t index = 0;

    while (HTTP_STATUSES[index].code != code)
        if (++index == HTTP_STATUS_COUNT)
            abort(); /* the list above lacks one */
    return index;
}

struct span {
    const char *start;
    size_t size;
};

/* What the headers said, as far as it matters. */
struct head {
    bool is_1_0, has_host, has_length, has_transfer_encoding, expects, close, keep_alive;
    size_t length;
};

static int refuse(struct http_problem *ret_problem, int status, const char *message)
{
    *ret_problem = (struct http_problem){ status, message };
    return -1;
}

static bool is(struct span text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.start, word, text.size) == 0;
}

static bool is_ignoring_case(struct span text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.start, word, text.size) == 0;
}

/* Takes what stands before the separator off the front of `rest`; all of it when there is none. */
static struct span take_until(struct span *rest, char separator)
{
    const char *found = memchr(rest->start, separator, rest->size);
    struct span taken = { rest->start, found ? (size_t)(found - rest->start) : rest->size };
    size_t skipped = taken.size + (found ? 1 : 0);

    rest->start += skipped;
    rest->size -= skipped;
    return taken;
}

static struct span trim(struct span text)
{
    while (text.size && (*text.start == ' ' || *text.start == '\t'))
        text.start++, text.size--;
    while (text.size && (text.start[text.size - 1] == ' ' || text.start[text.size - 1] == '\t'))
        text.size--;
    return text;
}

static bool is_token(struct span text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.size; i++) {
        char c = text.start[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!alphanumeric && !memchr(others, c, sizeof(others) - 1))
            return false;
    }
    return text.size > 0;
}

/* Finds the empty line: 1 and where the body begins. Refuses at once what cannot be the head of a request. */
static int find_body(const char *bytes, size_t size, size_t *ret_body, struct http_problem *ret_problem)
{
    size_t line = 0; /* where it begins */

    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (i == HTTP_HEAD_MAX)
            return refuse(ret_problem, 431, "request line and headers have more than 8192 bytes");
        if ((c == '\n') != (i > 0 && bytes[i - 1] == '\r'))
            return refuse(ret_problem, 400, "a line ends with CR LF, and CR stands nowhere else");
        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return refuse(ret_problem, 400, "a control character before the body");
        if (c != '\n')
            continue;
        if (i == 1)
            return refuse(ret_problem, 400, "an empty line where a request begins");
        if (i == line + 1) {
            *ret_body = i + 1;
            return 1;
        }
        line = i + 1;
    }
    return 0;
}

static int parse_length(struct span value, struct head *head, struct http_problem *ret_problem)
{
    size_t length = 0;

    if (head->has_length)
        return refuse(ret_problem, 400, "two Content-Length headers");
    if (value.size == 0)
        return refuse(ret_problem, 400, "Content-Length is not a number");
    for (size_t i = 0; i < value.size; i++) {
        if (value.start[i] < '0' || value.start[i] > '9')
            return refuse(ret_problem, 400, "Content-Length is not a number");
        if (length <= HTTP_BODY_MAX)
            length = length * 10 + (size_t)(value.start[i] - '0');
    }
    head->has_length = true;
    head->length = length;
    return 0;
}

static void parse_connection(struct span value, struct head *head)
{
    while (value.size) {
        struct span option = trim(take_until(&value, ','));

        head->close |= is_ignoring_case(option, "close");
        head->keep_alive |= is_ignoring_case(option, "keep-alive");
    }
}

static int parse_header(struct span line, struct head *head, struct http_problem *ret_problem)
{
    struct span name, value;

    if (!memchr(line.start, ':', line.size))
        return refuse(ret_problem, 400, "a header without a colon");
    name = take_until(&line, ':');
    value = trim(line);
    if (!is_token(name))
        return refuse(ret_problem, 400, "a header's name has a character that none may have");
    if (is_ignoring_case(name, "content-length"))
        return parse_length(value, head, ret_problem);
    if (is_ignoring_case(name, "host") && head->has_host)
        return refuse(ret_problem, 400, "two Host headers");
    head->has_host |= is_ignoring_case(name, "host");
    head->has_transfer_encoding |= is_ignoring_case(name, "transfer-encoding");
    head->expects |= is_ignoring_case(name, "expect");
    if (is_ignoring_case(name, "connection"))
        parse_connection(value, head);
    return 0;
}

static enum http_method method_of(struct span word)
{
    if (is(word, "GET"))
        return HTTP_GET;
    if (is(word, "HEAD"))
        return HTTP_HEAD;
    return is(word, "POST") ? HTTP_POST : HTTP_OTHER;
}

static int parse_request_line(struct span line,
                              struct http_request *request,
                              struct head *head,
                              struct http_problem *ret_problem)
{
    struct span method = take_until(&line, ' '), target = take_until(&line, ' '), path;

    if (!is_token(method))
        return refuse(ret_problem, 400, "the request line is METHOD PATH HTTP/1.1");
    if (line.size != strlen("HTTP/1.1") || memcmp(line.start, "HTTP/", 5) != 0)
        return refuse(ret_problem, 400, "the request line is METHOD PATH HTTP/1.1");
    if (!is(line, "HTTP/1.1") && !is(line, "HTTP/1.0"))
        return refuse(ret_problem, 505, "only HTTP/1.1 is spoken here, and 1.0");
    if (target.size == 0 || *target.start != '/')
        return refuse(ret_problem, 400, "the target begins with a slash");
    path = take_until(&target, '?');
    request->method = method_of(method);
    request->path = path.start;
    request->path_size = path.size;
    head->is_1_0 = is(line, "HTTP/1.0");
    return 0;
}

static int check_head(const struct head *head, struct http_problem *ret_problem)
{
    if (!head->is_1_0 && !head->has_host)
        return refuse(ret_problem, 400, "there is no Host header");
    if (head->has_transfer_encoding && head->has_length)
        return refuse(ret_problem, 400, "Content-Length and Transfer-Encoding together");
    if (head->has_transfer_encoding)
        return refuse(ret_problem, 411, "no Transfer-Encoding is read here: send a Content-Length");
    if (head->expects)
        return refuse(ret_problem, 417, "no expectation is met here: send the body at once");
    if (head->length > HTTP_BODY_MAX)
        return refuse(ret_problem, 413, "the body has more than 8192 bytes");
    return 0;
}

int http_parse(const char *bytes, size_t size, struct http_request *ret_request, struct http_problem *ret_problem)
{
    struct http_request request = { 0 };
    struct head head = { 0 };
    struct span rest, line;
    size_t body = 0;
    int found = find_body(bytes, size, &body, ret_problem);

    if (found <= 0)
        return found;
    rest = (struct span){ bytes, body - strlen("\r\n") };
    line = take_until(&rest, '\n');
    line.size--; /* the CR */
    if (parse_request_line(line, &request, &head, ret_problem) < 0)
        return -1;
    while (rest.size) {
        line = take_until(&rest, '\n');
        line.size--;
        if (parse_header(line, &head, ret_problem) < 0)
            return -1;
    }
    if (check_head(&head, ret_problem) < 0)
        return -1;
    if (size - body < head.length)
        return 0;
    request.body = bytes + body;
    request.body_size = head.length;
    request.size = body + head.length;
    request.keep_alive = !head.close && (!head.is_1_0 || head.keep_alive);
    *ret_request = request;
    return 1;
}
