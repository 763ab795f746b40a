#include "scan.h"

#include <stdio.h>

void scan_init(struct scan *scan, struct slice text)
{
    if (!text.data)
        text = (struct slice){ "", 0 };
    *scan = (struct scan){ .start = text.data, .at = text.data, .end = text.data + text.length };
}

bool scan_failed(const struct scan *scan)
{
    return scan->problem != NULL;
}

int scan_error(const struct scan *scan, struct error *err)
{
    return error_set(err,
                     ERROR_INVALID,
                     "not the JSON expected: %s at byte %zu",
                     scan->problem ? scan->problem : "unknown problem",
                     (size_t)(scan->at - scan->start));
}

static bool fail(struct scan *scan, const char *problem)
{
    if (!scan->problem)
        scan->problem = problem;
    return false;
}

/* Skips white space; the byte ahead, or 0 at the end and after an error. */
static char ahead(struct scan *scan)
{
    if (scan->problem)
        return 0;
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r'))
        scan->at++;
    return scan->at < scan->end ? *scan->at : 0;
}

enum scan_type scan_peek(struct scan *scan)
{
    char byte = ahead(scan);

    switch (byte) {
    case '{':
        return SCAN_OBJECT;
    case '[':
        return SCAN_ARRAY;
    case '"':
        return SCAN_STRING;
    case 't':
    case 'f':
        return SCAN_BOOL;
    case 'n':
        return SCAN_NULL;
    default:
        return byte == '-' || (byte >= '0' && byte <= '9') ? SCAN_NUMBER : SCAN_NONE;
    }
}

bool scan_open(struct scan *scan, enum scan_type type)
{
    if (scan_peek(scan) != type)
        return fail(scan, type == SCAN_OBJECT ? "expected an object" : "expected an array");
    scan->at++;
    scan->opened = true;
    return true;
}

/* Steps to the next member: over the comma, unless the bracket was just opened; false after the closing bracket. */
static bool next_member(struct scan *scan, char close)
{
    char byte = ahead(scan);
    bool first = scan->opened;

    scan->opened = false;
    if (byte == close) {
        scan->at++;
        return false;
    }
    if (first)
        return byte ? true : fail(scan, "the text ends too early");
    if (byte != ',')
        return fail(scan, byte ? "expected a comma or the end of the list" : "the text ends too early");
    scan->at++;
    return ahead(scan) != close || fail(scan, "a comma before the end");
}

/* Reads over the string ahead, without its quotes; `escaped` tells whether it holds a backslash. */
static bool string_bytes(struct scan *scan, struct slice *ret, bool *escaped)
{
    const char *at;

    *escaped = false;
    if (ahead(scan) != '"')
        return fail(scan, "expected a string");
    for (at = scan->at + 1; at < scan->end && *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return fail(scan, "a control character in a string");
        if (*at == '\\') {
            *escaped = true;
            if (++at == scan->end)
                break;
        }
    }
    if (at == scan->end)
        return fail(scan, "a string without an end");
    *ret = (struct slice){ scan->at + 1, (size_t)(at - scan->at - 1) };
    scan->at = at + 1;
    return true;
}

bool scan_key(struct scan *scan, struct slice *ret_key)
{
    bool escaped;

    if (!next_member(scan, '}') || !string_bytes(scan, ret_key, &escaped))
        return false;
    if (ahead(scan) != ':')
        return fail(scan, "expected a colon");
    scan->at++;
    return true;
}

bool scan_item(struct scan *scan)
{
    return next_member(scan, ']');
}

/* The value of four hexadecimal digits, or -1. */
static int hex4(const char *at, const char *end)
{
    int value = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static char *put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* Decodes the digits behind \u, a surrogate pair included; NUL and lone surrogates become U+FFFD. */
static const char *unicode_escape(const char *at, const char *end, char **out)
{
    int high = hex4(at, end), low;
    unsigned code = (unsigned)high;

    if (high < 0)
        return NULL;
    at += 4;
    if (high >= 0xd800 && high < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        low = hex4(at + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000u + ((unsigned)(high - 0xd800) << 10) + (unsigned)(low - 0xdc00);
            at += 6;
        }
    }
    if (code == 0 || (code >= 0xd800 && code < 0xe000))
        code = 0xfffd;
    *out = put_utf8(*out, code);
    return at;
}

/* Undoes the escapes of raw into out; NULL when one is malformed, else the end of what was written. */
static char *unescape(struct slice raw, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *end = raw.data + raw.length;

    for (const char *at = raw.data; at < end;) {
        const char *which;

        if (*at != '\\') {
            *out++ = *at++;
            continue;
        }
        if (at + 1 >= end)
            return NULL;
        if (at[1] == 'u') {
            at = unicode_escape(at + 2, end, &out);
            if (!at)
                return NULL;
            continue;
        }
        which = at[1] ? strchr(from, at[1]) : NULL;
        if (!which)
            return NULL;
        *out++ = to[which - from];
        at += 2;
    }
    return out;
}

char *scan_string(struct scan *scan, struct arena *arena)
{
    struct slice raw;
    bool escaped;
    char *text, *end;

    if (!string_bytes(scan, &raw, &escaped))
        return NULL;
    text = arena_strndup(arena, raw.data, raw.length);
    if (!escaped)
        return text;
    end = unescape(raw, text); /* an escape is never shorter than what it stands for */
    if (!end) {
        fail(scan, "a malformed escape in a string");
        return NULL;
    }
    *end = '\0';
    return text;
}

/* Reads over the number ahead, checking its grammar. */
static bool number_bytes(struct scan *scan, struct slice *ret, bool *whole)
{
    const char *at = scan->at, *digits;

    *whole = true;
    at += at < scan->end && *at == '-';
    digits = at;
    while (at < scan->end && *at >= '0' && *at <= '9')
        at++;
    if (at == digits || (*digits == '0' && at - digits > 1))
        return fail(scan, "a malformed number");
    if (at < scan->end && (*at == '.' || *at == 'e' || *at == 'E')) {
        *whole = false;
        while (at < scan->end && *at && strchr("0123456789+-.eE", *at))
            at++;
    }
    *ret = (struct slice){ scan->at, (size_t)(at - scan->at) };
    scan->at = at;
    return true;
}

int64_t scan_int(struct scan *scan)
{
    struct slice digits;
    bool whole, negative;
    int64_t value = 0;

    if (scan_peek(scan) != SCAN_NUMBER)
        return fail(scan, "expected a whole number");
    if (!number_bytes(scan, &digits, &whole))
        return 0;
    if (!whole)
        return fail(scan, "expected a whole number");
    negative = digits.data[0] == '-';
    for (size_t i = negative; i < digits.length; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digits.data[i] - '0', &value)) /* downwards: INT64_MIN has no positive twin */
            return fail(scan, "a number out of range");
    if (!negative && value == INT64_MIN)
        return fail(scan, "a number out of range");
    return negative ? value : -value;
}

static bool word(struct scan *scan, const char *text)
{
    size_t length = strlen(text);

    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, text, length) != 0)
        return fail(scan, "an unknown word");
    scan->at += length;
    return true;
}

bool scan_bool(struct scan *scan)
{
    switch (ahead(scan)) {
    case 't':
        return word(scan, "true");
    case 'f':
        word(scan, "false");
        return false;
    default:
        return fail(scan, "expected true or false");
    }
}

static void skip_scalar(struct scan *scan)
{
    struct slice bytes;
    bool flag;

    switch (scan_peek(scan)) {
    case SCAN_STRING:
        string_bytes(scan, &bytes, &flag);
        break;
    case SCAN_NUMBER:
        number_bytes(scan, &bytes, &flag);
        break;
    case SCAN_BOOL:
        scan_bool(scan);
        break;
    case SCAN_NULL:
        word(scan, "null");
        break;
    default:
        fail(scan, scan->at < scan->end ? "expected a value" : "the text ends too early");
    }
}

/* Skips over a container byte by byte: only brackets and strings matter here, whoever reads a member checks it. */
static void skip_container(struct scan *scan)
{
    unsigned depth = 0;

    while (scan->at < scan->end) {
        struct slice bytes;
        bool escaped;

        switch (*scan->at) {
        case '{':
        case '[':
            if (++depth > SCAN_MAX_DEPTH) {
                fail(scan, "nested too deeply");
                return;
            }
            break;
        case '}':
        case ']':
            depth--;
            break;
        case '"':
            if (!string_bytes(scan, &bytes, &escaped))
                return;
            continue;
        }
        scan->at++;
        if (!depth)
            return;
    }
    fail(scan, "the text ends too early");
}

void scan_skip(struct scan *scan)
{
    enum scan_type type = scan_peek(scan);

    if (type == SCAN_OBJECT || type == SCAN_ARRAY)
        skip_container(scan);
    else
        skip_scalar(scan);
    scan->opened = false;
}

struct slice scan_raw(struct scan *scan)
{
    const char *start;

    ahead(scan);
    start = scan->at;
    scan_skip(scan);
    return scan->problem ? (struct slice){ NULL, 0 } : (struct slice){ start, (size_t)(scan->at - start) };
}

void scan_end(struct scan *scan)
{
    ahead(scan);
    if (scan->at < scan->end)
        fail(scan, "more text behind the end");
}
