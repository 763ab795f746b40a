#define _GNU_SOURCE /* memrchr */
#include "url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../base/slice.h"

static int fail(struct error *err, const char *problem)
{
    return error_set(err, ERROR_INVALID, "%s", problem);
}

static char *lower(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_strndup(arena, text, length);

    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* Percent-decodes into the arena; NULL when an escape is wrong or stands for a control character. */
static const char *decode(struct arena *arena, struct slice text)
{
    char *out = arena_alloc(arena, text.length + 1), *end = out;

    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];

        if (byte == '%') {
            if (text.length - i < 3 || hex_digit(text.data[i + 1]) < 0 || hex_digit(text.data[i + 2]) < 0)
                return NULL;
            byte = (char)(hex_digit(text.data[i + 1]) << 4 | hex_digit(text.data[i + 2]));
            i += 2;
        }
        if (iscntrl((unsigned char)byte))
            return NULL;
        *end++ = byte;
    }
    return out;
}

/* "user:password" before the @. */
static int parse_user(struct slice text, struct arena *arena, struct url *url, struct error *err)
{
    const char *colon = memchr(text.data, ':', text.length);
    size_t length = colon ? (size_t)(colon - text.data) : text.length;

    url->user = decode(arena, (struct slice){ text.data, length });
    if (colon)
        url->password = decode(arena, (struct slice){ colon + 1, text.length - length - 1 });
    return url->user && (!colon || url->password) ? 0 : fail(err, "the user or password has a bad % escape");
}

static int parse_port(const char *text, struct url *url, struct error *err)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (!isdigit((unsigned char)*text) || *end || !port || port > 65535)
        return fail(err, "the port is not a number from 1 to 65535");
    url->port = (unsigned)port;
    return 0;
}

/* "[address%25zone]", with its brackets. */
static int parse_ipv6(struct slice text, struct arena *arena, struct url *url, struct error *err)
{
    const char *host = decode(arena, (struct slice){ text.data + 1, text.length - 2 });
    unsigned char address[16];

    if (!host || inet_pton(AF_INET6, arena_strndup(arena, host, strcspn(host, "%")), address) != 1)
        return fail(err, "what is in brackets is not an IPv6 address");
    url->ipv6 = true;
    url->host = lower(arena, host, strlen(host));
    return 0;
}

static int parse_name(struct slice text, struct arena *arena, struct url *url, struct error *err)
{
    url->host = lower(arena, text.data, text.length);
    if (!text.length)
        return fail(err, "has no host");
    for (const char *c = url->host; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
            return fail(err,
                        *c == ':' ? "an IPv6 address must be in brackets: https://[::1]:6443"
                                  : "the host has characters that no host name has");
    return 0;
}

/* "host:port", without a user. */
static int parse_host(const char *text, struct arena *arena, struct url *url, struct error *err)
{
    const char *bracket = *text == '[' ? strchr(text, ']') : NULL;
    const char *end = bracket ? bracket + 1 : strrchr(text, ':');
    struct slice host = { text, end ? (size_t)(end - text) : strlen(text) };

    if (*text == '[' && !bracket)
        return fail(err, "a bracket is not closed");
    if (bracket && *end && *end != ':')
        return fail(err, "there is something between the bracket and the port");
    if (end && *end && end[1] && parse_port(end + 1, url, err) < 0)
        return -1;
    return bracket ? parse_ipv6(host, arena, url, err) : parse_name(host, arena, url, err);
}

static int parse_authority(struct slice text, struct arena *arena, struct url *url, struct error *err)
{
    const char *at = memrchr(text.data, '@', text.length), *host = at ? at + 1 : text.data;

    if (at && parse_user((struct slice){ text.data, (size_t)(at - text.data) }, arena, url, err) < 0)
        return -1;
    return parse_host(arena_strndup(arena, host, text.length - (size_t)(host - text.data)), arena, url, err);
}

static int parse_path(const char *text, struct arena *arena, struct url *url, struct error *err)
{
    size_t length = strlen(text);

    if (strpbrk(text, "?#"))
        return fail(err, "must not have a query or fragment (? or #)");
    for (const char *c = text; *c; c++)
        if (!isgraph((unsigned char)*c))
            return fail(err, "has spaces or characters that are not ASCII");
    while (length && text[length - 1] == '/')
        length--;
    url->path = arena_strndup(arena, text, length);
    return 0;
}

int url_parse(const char *text, struct arena *arena, struct url *ret, struct error *err)
{
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    struct url url = { 0 };
    const char *rest;
    size_t length;

    if (!scheme || strncmp(text + scheme, "://", 3) != 0)
        return fail(err, "must start with a scheme, as in https://host:port");
    rest = text + scheme + 3;
    length = strcspn(rest, "/?#");
    url.scheme = lower(arena, text, scheme);
    if (parse_authority((struct slice){ rest, length }, arena, &url, err) < 0)
        return -1;
    if (parse_path(rest + length, arena, &url, err) < 0)
        return -1;
    *ret = url;
    return 0;
}

const char *url_authority(struct arena *arena, const struct url *url)
{
    size_t address = strcspn(url->host, "%");
    const char *zone = url->host[address] ? arena_printf(arena, "%%25%s", url->host + address + 1) : "";
    const char *host = url->ipv6 ? arena_printf(arena, "[%.*s%s]", (int)address, url->host, zone) : url->host;

    return url->port ? arena_printf(arena, "%s:%u", host, url->port) : host;
}
