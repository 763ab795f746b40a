#include "yaml_scalar.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static const char digits[] = "0123456789";

static const struct {
    const char *text;
    struct yaml_scalar value;
} words[] = {
    { "", { .type = YAML_NULL } },
    { "~", { .type = YAML_NULL } },
    { "null", { .type = YAML_NULL } },
    { "Null", { .type = YAML_NULL } },
    { "NULL", { .type = YAML_NULL } },
    { "y", { .type = YAML_BOOL, .integer = 1 } },
    { "Y", { .type = YAML_BOOL, .integer = 1 } },
    { "yes", { .type = YAML_BOOL, .integer = 1 } },
    { "Yes", { .type = YAML_BOOL, .integer = 1 } },
    { "YES", { .type = YAML_BOOL, .integer = 1 } },
    { "true", { .type = YAML_BOOL, .integer = 1 } },
    { "True", { .type = YAML_BOOL, .integer = 1 } },
    { "TRUE", { .type = YAML_BOOL, .integer = 1 } },
    { "on", { .type = YAML_BOOL, .integer = 1 } },
    { "On", { .type = YAML_BOOL, .integer = 1 } },
    { "ON", { .type = YAML_BOOL, .integer = 1 } },
    { "n", { .type = YAML_BOOL } },
    { "N", { .type = YAML_BOOL } },
    { "no", { .type = YAML_BOOL } },
    { "No", { .type = YAML_BOOL } },
    { "NO", { .type = YAML_BOOL } },
    { "false", { .type = YAML_BOOL } },
    { "False", { .type = YAML_BOOL } },
    { "FALSE", { .type = YAML_BOOL } },
    { "off", { .type = YAML_BOOL } },
    { "Off", { .type = YAML_BOOL } },
    { "OFF", { .type = YAML_BOOL } },
    { ".nan", { .type = YAML_NOT_FINITE } },
    { ".NaN", { .type = YAML_NOT_FINITE } },
    { ".NAN", { .type = YAML_NOT_FINITE } },
    { ".inf", { .type = YAML_NOT_FINITE } },
    { ".Inf", { .type = YAML_NOT_FINITE } },
    { ".INF", { .type = YAML_NOT_FINITE } },
    { "+.inf", { .type = YAML_NOT_FINITE } },
    { "+.Inf", { .type = YAML_NOT_FINITE } },
    { "+.INF", { .type = YAML_NOT_FINITE } },
    { "-.inf", { .type = YAML_NOT_FINITE } },
    { "-.Inf", { .type = YAML_NOT_FINITE } },
    { "-.INF", { .type = YAML_NOT_FINITE } },
};

static char *without_underscores(const char *text)
{
    char *plain = xcalloc(strlen(text) + 1, 1), *end = plain;

    for (; *text; text++)
        if (*text != '_')
            *end++ = *text;
    return plain;
}

/* The base of the digits at *text, by its prefix, which is skipped. */
static unsigned base_of(const char **text)
{
    const char *at = *text;
    unsigned base = 10;

    if (at[0] == '0' && at[1]) {
        base = strchr("xX", at[1]) ? 16 : strchr("oO", at[1]) ? 8 : strchr("bB", at[1]) ? 2 : 0;
        *text += base ? 2 : 1;
        base = base ? base : 8;
    }
    return base;
}

/* Reads all of text as digits of the base; false at anything else, or above 64 bits. */
static bool read_digits(const char *text, unsigned base, uint64_t *ret)
{
    uint64_t value = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        unsigned digit = isdigit((unsigned char)*text)    ? (unsigned)(*text - '0')
                         : isxdigit((unsigned char)*text) ? (unsigned)(tolower((unsigned char)*text) - 'a' + 10)
                                                          : base;

        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

static bool read_integer(const char *text, struct yaml_scalar *ret)
{
    bool negative = *text == '-';
    const char *at = text + (negative || *text == '+');
    unsigned base = base_of(&at);
    uint64_t value;

    if (!read_digits(at, base, &value))
        return false;
    if (value <= INT64_MAX)
        *ret = (struct yaml_scalar){ .type = YAML_INT, .integer = negative ? -(int64_t)value : (int64_t)value };
    else if (negative && value == (uint64_t)INT64_MAX + 1)
        *ret = (struct yaml_scalar){ .type = YAML_INT, .integer = INT64_MIN };
    else if (negative || *text == '+') /* Go reads unsigned numbers without a sign only */
        return false;
    else
        *ret = (struct yaml_scalar){ .type = YAML_REAL, .real = (double)value };
    return true;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool looks_real(const char *text)
{
    size_t whole, fraction = 0, exponent;

    text += *text == '-' || *text == '+';
    whole = strspn(text, digits);
    text += whole;
    if (*text == '.') {
        fraction = strspn(++text, digits);
        text += fraction;
    }
    if (!whole && !fraction)
        return false;
    if (*text == 'e' || *text == 'E') {
        text += text[1] == '-' || text[1] == '+' ? 2 : 1;
        exponent = strspn(text, digits);
        text += exponent;
        return exponent && !*text;
    }
    return !*text;
}

static bool read_real(const char *text, struct yaml_scalar *ret)
{
    double value;

    if (!looks_real(text))
        return false;
    value = strtod(text, NULL);
    if (isinf(value))
        return false;
    if (value == trunc(value) && fabs(value) < 0x1p63)
        *ret = (struct yaml_scalar){ .type = YAML_INT, .integer = (int64_t)value };
    else
        *ret = (struct yaml_scalar){ .type = YAML_REAL, .real = value };
    return true;
}

struct yaml_scalar yaml_resolve(const char *text)
{
    struct yaml_scalar value = { .type = YAML_STRING };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i].text, text) == 0)
            return words[i].value;
    if (isdigit((unsigned char)*text) || (*text && strchr("+-.", *text))) {
        auto_free char *plain = without_underscores(text);

        if (!read_integer(plain, &value))
            read_real(plain, &value);
    }
    return value;
}

void yaml_format_real(double value, char ret[static YAML_REAL_SIZE])
{
    int precision = 15;

    do
        snprintf(ret, YAML_REAL_SIZE - 2, "%.*g", precision, value);
    while (precision++ < 17 && strtod(ret, NULL) != value);
    if (!strpbrk(ret, ".e"))
        strcat(ret, ".0");
}

/* 190:20:30 and the like: numbers of base 60 in YAML 1.1. */
static bool looks_base_60(const char *text)
{
    return strchr(text, ':') && text[strspn(text, "0123456789_:.+-")] == '\0';
}

/* 2001-12-14...: YAML 1.1 reads dates. */
static bool looks_dated(const char *text)
{
    return strspn(text, digits) == 4 && text[4] == '-';
}

bool yaml_is_ambiguous(const char *text)
{
    return yaml_resolve(text).type != YAML_STRING || looks_base_60(text) || looks_dated(text) ||
           strcmp(text, "<<") == 0 || strcmp(text, "=") == 0;
}
