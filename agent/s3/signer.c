#define _GNU_SOURCE /* gmtime_r */
#include "signer.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"

enum { MAX_PARAMETERS = 16, PIECE = 64 * 1024 };

struct key {
    unsigned char bytes[SHA256_DIGEST_LENGTH];
};

static void to_hex(const unsigned char *bytes, char ret_hex[SIGNER_HEX])
{
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", bytes[i]);
}

void signer_hash(const void *bytes, size_t length, char ret_hex[SIGNER_HEX])
{
    unsigned char sum[SHA256_DIGEST_LENGTH];

    SHA256(bytes, length, sum);
    to_hex(sum, ret_hex);
}

int signer_hash_file(int fd, uint64_t from, uint64_t length, char ret_hex[SIGNER_HEX])
{
    auto_free unsigned char *piece = xcalloc(1, PIECE);
    unsigned char sum[SHA256_DIGEST_LENGTH];
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    ssize_t got = 0;
    bool good = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL);

    for (uint64_t done = 0; good && done < length; done += (uint64_t)got) {
        got = pread(fd, piece, length - done < PIECE ? length - done : PIECE, (off_t)(from + done));
        if (got <= 0)
            break;
        good = EVP_DigestUpdate(digest, piece, (size_t)got);
    }
    good = good && got >= 0 && EVP_DigestFinal_ex(digest, sum, NULL);
    EVP_MD_CTX_free(digest);
    if (!good)
        return -1;
    to_hex(sum, ret_hex);
    return 0;
}

static struct key keyed(const void *secret, size_t secret_length, const char *text)
{
    struct key key;

    if (!HMAC(EVP_sha256(), secret, (int)secret_length, (const unsigned char *)text, strlen(text), key.bytes, NULL))
        BUG("HMAC");
    return key;
}

static struct key derived(struct key from, const char *text)
{
    return keyed(from.bytes, sizeof(from.bytes), text);
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
                         char ret_hex[SIGNER_HEX])
{
    auto_strbuf struct strbuf text = { 0 };

    strbuf_addf(&text, "%s\n%s\n", request->method, request->path);
    add_query(&text, request->query, arena);
    strbuf_addc(&text, '\n');
    for (size_t i = 0; i < headers->count; i++)
        strbuf_addf(&text, "%s:%s\n", headers->list[i].name, headers->list[i].value);
    strbuf_addf(&text, "\n%s\n%s", names, request->payload);
    signer_hash(strbuf_text(&text), text.length, ret_hex);
}

static void sign_text(const struct signer_request *request,
                      const struct s3_credentials *credentials,
                      const char *day,
                      const char *text,
                      char ret_hex[SIGNER_HEX])
{
    auto_strbuf struct strbuf secret = { 0 };
    struct key key;

    strbuf_addf(&secret, "AWS4%s", credentials->secret_key);
    key = keyed(strbuf_text(&secret), secret.length, day);
    key = derived(key, request->region);
    key = derived(key, request->service);
    key = derived(key, "aws4_request");
    key = derived(key, text);
    to_hex(key.bytes, ret_hex);
}

size_t signer_sign(const struct signer_request *request,
                   const struct s3_credentials *credentials,
                   struct arena *arena,
                   struct http_header ret[SIGNER_ADDED_HEADERS])
{
    char time[32], day[16], hash[SIGNER_HEX], signature[SIGNER_HEX];
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
