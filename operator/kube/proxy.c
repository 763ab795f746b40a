#define _GNU_SOURCE /* strsep */
#include "proxy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/memory.h"

static const struct {
    const char *scheme;
    const char *curl_scheme;
    enum proxy_type type;
    unsigned port;
} types[] = {
    { "http", "http", PROXY_HTTP, 80 },
    { "https", "https", PROXY_HTTPS, 443 },
    { "socks5", "socks5h", PROXY_SOCKS5, 1080 },
    { "socks5h", "socks5h", PROXY_SOCKS5, 1080 },
};

int proxy_parse(const char *text, struct arena *arena, struct proxy *ret, struct error *err)
{
    struct url url;

    if (url_parse(text, arena, &url, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (strcmp(types[i].scheme, url.scheme) != 0)
            continue;
        url.port = url.port ? url.port : types[i].port;
        *ret = (struct proxy){
            .type = types[i].type,
            .host = url.host,
            .port = url.port,
            .user = url.user,
            .password = url.password,
            .url = arena_printf(arena, "%s://%s", types[i].curl_scheme, url_authority(arena, &url)),
        };
        return 0;
    }
    return error_set(err, ERROR_INVALID, "unknown scheme: must be http, https or socks5");
}

/* An IP address as IPv6, IPv4 mapped into it. */
static bool parse_address(const char *text, unsigned char ret[static 16])
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

    if (inet_pton(AF_INET6, text, ret) == 1)
        return true;
    memcpy(ret, mapped, sizeof(mapped));
    return inet_pton(AF_INET, text, ret + 12) == 1;
}

static bool same_prefix(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned char mask = (unsigned char)(0xff00 >> bits % 8);

    return memcmp(a, b, bits / 8) == 0 && (bits % 8 == 0 || (a[bits / 8] & mask) == (b[bits / 8] & mask));
}

/* "10.0.0.0/8" */
static bool network_has(char *network, const char *host)
{
    unsigned char base[16], address[16];
    char *slash = strchr(network, '/'), *end;
    unsigned long bits = strtoul(slash + 1, &end, 10);

    *slash = '\0';
    if (!isdigit((unsigned char)slash[1]) || *end || !parse_address(network, base) || !parse_address(host, address))
        return false;
    bits += strchr(network, ':') ? 0 : 96;
    return bits <= 128 && same_prefix(base, address, (unsigned)bits);
}

/* Cuts ":port" and brackets off an entry; the port, NULL when there is none. */
static const char *split_port(char **entry)
{
    char *colon = strrchr(*entry, ':'), *bracket = strchr(*entry, ']');

    if (**entry == '[' && bracket) {
        *entry += 1;
        *bracket = '\0';
        return bracket[1] == ':' ? bracket + 2 : NULL;
    }
    if (!colon || strchr(*entry, ':') != colon)
        return NULL;
    *colon = '\0';
    return colon + 1;
}

/* "foo.com" also matches its subdomains, ".foo.com" and "*.foo.com" only those. */
static bool domain_has(const char *domain, const char *host)
{
    size_t length, whole = strlen(host);
    bool itself;

    domain += strncmp(domain, "*.", 2) == 0;
    itself = *domain != '.';
    domain += !itself;
    length = strlen(domain);
    if (!length || whole < length || strcasecmp(host + whole - length, domain) != 0)
        return false;
    return whole == length ? itself : host[whole - length - 1] == '.';
}

static bool entry_matches(char *entry, const char *host, unsigned port)
{
    unsigned char listed[16], address[16];
    char port_text[16];
    const char *listed_port;

    if (strcmp(entry, "*") == 0)
        return true;
    if (strchr(entry, '/'))
        return network_has(entry, host);
    listed_port = split_port(&entry);
    snprintf(port_text, sizeof(port_text), "%u", port);
    if (listed_port && strcmp(listed_port, port_text) != 0)
        return false;
    if (parse_address(entry, listed))
        return parse_address(host, address) && memcmp(listed, address, sizeof(listed)) == 0;
    return domain_has(entry, host);
}

bool proxy_excludes(const char *no_proxy, const char *host, unsigned port)
{
    auto_free char *list = xstrdup(no_proxy);
    char *rest = list, *entry;

    while ((entry = strsep(&rest, ","))) {
        entry += strspn(entry, " \t");
        entry[strcspn(entry, " \t")] = '\0';
        if (*entry && entry_matches(entry, host, port))
            return true;
    }
    return false;
}

static bool is_this_machine(const char *host)
{
    unsigned char address[16], loopback[16];

    if (strcmp(host, "localhost") == 0)
        return true;
    if (!parse_address(host, address))
        return false;
    parse_address("::1", loopback);
    if (memcmp(address, loopback, sizeof(address)) == 0)
        return true;
    parse_address("127.0.0.0", loopback);
    return same_prefix(address, loopback, 96 + 8);
}

static const char *any_variable(const char *upper, const char *lower, const char **ret_name)
{
    const char *value = getenv(upper);

    *ret_name = value && *value ? upper : lower;
    return getenv(*ret_name);
}

int proxy_from_environment(const struct url *server, struct arena *arena, struct proxy *ret, struct error *err)
{
    bool tls = strcmp(server->scheme, "https") == 0;
    const char *name, *ignored;
    const char *value = any_variable(tls ? "HTTPS_PROXY" : "HTTP_PROXY", tls ? "https_proxy" : "http_proxy", &name);
    const char *no_proxy = any_variable("NO_PROXY", "no_proxy", &ignored);

    if (!value || !*value || is_this_machine(server->host) ||
        (no_proxy && proxy_excludes(no_proxy, server->host, server->port))) {
        *ret = (struct proxy){ 0 };
        return 0;
    }
    if (!strstr(value, "://"))
        value = arena_printf(arena, "http://%s", value);
    if (proxy_parse(value, arena, ret, err) < 0)
        return error_wrap(err, "the environment variable %s", name);
    return 0;
}
