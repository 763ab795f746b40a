/*
 * The examples of "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk" of the
 * S3 API reference: their keys, their requests, their signatures.
 */

#include "../../agent/s3/signer.h"
#include "../../operator/base/memory.h"
#include "unit.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { FRIDAY = 1369353600 }; /* 2013-05-24T00:00:00Z */

static const struct s3_credentials example = { .access_key = (char *)"AKIAIOSFODNN7EXAMPLE",
                                               .secret_key = (char *)"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

struct row {
    const char *name, *method, *path, *query, *payload;
    struct http_header headers[3];
    size_t header_count;
    const char *signed_headers, *signature;
};

static const struct row rows[] = {
    { .name = "get object",
      .method = "GET",
      .path = "/test.txt",
      .payload = EMPTY,
      .headers = { { "range", "bytes=0-9" } },
      .header_count = 1,
      .signed_headers = "host;range;x-amz-content-sha256;x-amz-date",
      .signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
    { .name = "put object",
      .method = "PUT",
      .path = "/test%24file.text",
      .payload = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      .headers = { { "x-amz-storage-class", "REDUCED_REDUNDANCY" }, { "date", "Fri, 24 May 2013 00:00:00 GMT" } },
      .header_count = 2,
      .signed_headers = "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      .signature = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
    { .name = "get bucket lifecycle: a parameter without a value",
      .method = "GET",
      .path = "/",
      .query = "lifecycle",
      .payload = EMPTY,
      .signed_headers = "host;x-amz-content-sha256;x-amz-date",
      .signature = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
    { .name = "list objects",
      .method = "GET",
      .path = "/",
      .query = "max-keys=2&prefix=J",
      .payload = EMPTY,
      .signed_headers = "host;x-amz-content-sha256;x-amz-date",
      .signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
    { .name = "list objects, its parameters the other way round",
      .method = "GET",
      .path = "/",
      .query = "prefix=J&max-keys=2",
      .payload = EMPTY,
      .signed_headers = "host;x-amz-content-sha256;x-amz-date",
      .signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
};

static struct signer_request request_of(const struct row *row)
{
    return (struct signer_request){ .method = row->method,
                                    .host = "examplebucket.s3.amazonaws.com",
                                    .path = row->path,
                                    .query = row->query,
                                    .payload = row->payload,
                                    .headers = row->headers,
                                    .header_count = row->header_count,
                                    .region = "us-east-1",
                                    .service = "s3",
                                    .now = FRIDAY };
}

static const char *value_of(const struct http_header *headers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(headers[i].name, name) == 0)
            return headers[i].value;
    return "";
}

static void sign__published_examples__give_published_signatures(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_header headers[SIGNER_ADDED_HEADERS];
        auto_arena struct arena arena = { 0 };
        struct signer_request request = request_of(&rows[i]);
        size_t count = signer_sign(&request, &example, &arena, headers);
        char wanted[512];

        snprintf(wanted,
                 sizeof(wanted),
                 "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                 "SignedHeaders=%s, Signature=%s",
                 rows[i].signed_headers,
                 rows[i].signature);
        if (strcmp(value_of(headers, count, "Authorization"), wanted) != 0)
            fail_msg("%s: %s", rows[i].name, value_of(headers, count, "Authorization"));
        assert_int_equal(count, 3);
        assert_string_equal(value_of(headers, count, "x-amz-date"), "20130524T000000Z");
        assert_string_equal(value_of(headers, count, "x-amz-content-sha256"), rows[i].payload);
    }
}

static void sign__session_token__is_sent_and_signed(void **state)
{
    struct s3_credentials session = example;
    struct http_header headers[SIGNER_ADDED_HEADERS];
    auto_arena struct arena arena = { 0 };
    struct signer_request request = request_of(&rows[0]);
    size_t count;

    (void)state;
    session.session_token = (char *)"token";
    count = signer_sign(&request, &session, &arena, headers);
    assert_int_equal(count, 4);
    assert_string_equal(value_of(headers, count, "x-amz-security-token"), "token");
    assert_non_null(strstr(value_of(headers, count, "Authorization"),
                           "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date;x-amz-security-token,"));
    assert_null(strstr(value_of(headers, count, "Authorization"), rows[0].signature));
}

/* curl's own signer sorts x-amz-meta-a-b before x-amz-meta-a, and a name is not sorted by what its "=" is. */
static void sign__names_that_begin_alike__are_sorted_by_name_alone(void **state)
{
    static const struct row alike[] = {
        { .method = "GET", .path = "/", .query = "a-b=1&a=2", .payload = EMPTY },
        { .method = "GET", .path = "/", .query = "a=2&a-b=1", .payload = EMPTY },
    };
    char first[512] = "";

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(alike); i++) {
        struct http_header headers[SIGNER_ADDED_HEADERS];
        auto_arena struct arena arena = { 0 };
        struct signer_request request = request_of(&alike[i]);
        size_t count = signer_sign(&request, &example, &arena, headers);

        if (!i)
            snprintf(first, sizeof(first), "%s", value_of(headers, count, "Authorization"));
        assert_string_equal(value_of(headers, count, "Authorization"), first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sign__published_examples__give_published_signatures),
        cmocka_unit_test(sign__session_token__is_sent_and_signed),
        cmocka_unit_test(sign__names_that_begin_alike__are_sorted_by_name_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
