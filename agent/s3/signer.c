#define _GNU_SOURCE /* gmtime_r */
#include "signer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "../sha256.h"

enum { MAX_PARAMETERS = 16 };

struct key {
    unsigned char bytes[SHA256_BYTES];
};

static struct key keyed(struct slice secret, const char *text)
{
    struct key key;

    hmac_sha256(secret, slice_of(text), key.bytes);
    return key;
}

static struct key derived(struct key from, const char *text)
{
    return keyed((struct slice){ (const char *)from.bytes, sizeof(from.bytes) }, text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* By name, then value; each with a "=". '=' of the pair sorts before what may follow in a longer name: all but '-', '.'
 * and digits, so names are compared without it. */
static int by_parameter(const void *a, const void *b)
{
    const char *one = *(const char *const *)a, *other = *(const char *const *)b;
    size_t one_name = strcspn(one, "="), other_name = strcspn(other, "=");
    int order = memcmp(one, other, one_name < other_name ? one_name : other_name);

    if (order || one_name != other_name)
        return order ? order : one_name < other_name ? -1 : 1;
    return by_text(a, b);
}

static void add_query(struct strbuf *out, const char *query, struct arena *arena)
{
    const char *parameters[MAX_PARAMETERS];
    size_t count = 0;
    char *rest = arena_strdup(arena, query ? query : ""), *part;

    while ((part = strsep(&rest, "&")))
        if (*part && count < MAX_PARAMETERS)
            parameters[count++] = part;
    qsort(parameters, count, sizeof(*parameters), by_parameter);
    for (size_t i = 0; i < count; i++)
        strbuf_addf(out, "%s%s%s", i ? "&" : "", parameters[i], strchr(parameters[i], '=') ? "" : "=");
}

/* -- the request in its one form ---------------------------------------------------------------------------------- */

struct signed_headers {
    struct http_header list[SIGNER_MAX_HEADERS + 1];
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct http_header *)a)->name, ((const struct http_header *)b)->name);
}

static struct signed_headers gather(const struct signer_request *request,
                                    const struct http_header *added,
                                    size_t added_count)
{
    struct signed_headers all = { .list = { { "host", request->host } }, .count = 1 };

    if (request->header_count > SIGNER_MAX_HEADERS - SIGNER_ADDED_HEADERS)
        BUG("%zu headers to sign", request->header_count);
    for (size_t i = 0; i < request->header_count; i++)
        all.list[all.count++] = request->headers[i];
    for (size_t i = 0; i < added_count; i++)
        all.list[all.count++] = added[i];
    qsort(all.list, all.count, sizeof(all.list[0]), by_name);
    return all;
}

static const char *names_of(const struct signed_headers *headers, struct arena *arena)
{
    auto_strbuf struct strbuf names = { 0 };

    for (size_t i = 0; i < headers->count; i++)
        strbuf_addf(&names, "%s%s", i ? ";" : "", headers->list[i].name);
    return arena_strdup(arena, strbuf_text(&names));
}

static void hash_request(const struct signer_request *request,
                         const struct signed_headers *headers,
                         const char *names,
                         struct arena *arena,
                         char ret_hex[SHA256_HEX])
{
    auto_strbuf struct strbuf text = { 0 };

    strbuf_addf(&text, "%s\n%s\n", request->method, request->path);
    add_query(&text, request->query, arena);
    strbuf_addc(&text, '\n');
    for (size_t i = 0; i < headers->count; i++)
        strbuf_addf(&text, "%s:%s\n", headers->list[i].name, headers->list[i].value);
    strbuf_addf(&text, "\n%s\n%s", names, request->payload);
    sha256_hex((struct slice){ strbuf_text(&text), text.length }, ret_hex);
}

static void sign_text(const struct signer_request *request,
                      const struct s3_credentials *credentials,
                      const char *day,
                      const char *text,
                      char ret_hex[SHA256_HEX])
{
    auto_strbuf struct strbuf secret = { 0 };
    struct key key;

    strbuf_addf(&secret, "AWS4%s", credentials->secret_key);
    key = keyed((struct slice){ strbuf_text(&secret), secret.length }, day);
    key = derived(key, request->region);
    key = derived(key, request->service);
    key = derived(key, "aws4_request");
    key = derived(key, text);
    hex_of(key.bytes, sizeof(key.bytes), ret_hex);
}

size_t signer_sign(const struct signer_request *request,
                   const struct s3_credentials *credentials,
                   struct arena *arena,
                   struct http_header ret[SIGNER_ADDED_HEADERS])
{
    char time[32], day[16], hash[SHA256_HEX], signature[SHA256_HEX];
    const char *names, *scope, *text;
    struct signed_headers headers;
    size_t count = 0;
    struct tm tm;

    gmtime_r(&(time_t){ request->now }, &tm);
    strftime(time, sizeof(time), "%Y%m%dT%H%M%SZ", &tm);
    strftime(day, sizeof(day), "%Y%m%d", &tm);
    ret[count++] = (struct http_header){ "x-amz-content-sha256", request->payload };
    ret[count++] = (struct http_header){ "x-amz-date", arena_strdup(arena, time) };
    if (credentials->session_token)
        ret[count++] = (struct http_header){ "x-amz-security-token", credentials->session_token };
    headers = gather(request, ret, count);
    names = names_of(&headers, arena);
    hash_request(request, &headers, names, arena, hash);
    scope = arena_printf(arena, "%s/%s/%s/aws4_request", day, request->region, request->service);
    text = arena_printf(arena, "AWS4-HMAC-SHA256\n%s\n%s\n%s", time, scope, hash);
    sign_text(request, credentials, day, text, signature);
    ret[count++] = (struct http_header){
        "Authorization",
        arena_printf(arena,
                     "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
                     credentials->access_key,
                     scope,
                     names,
                     signature),
    };
    return count;
}
