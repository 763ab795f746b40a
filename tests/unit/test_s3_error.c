#include "../../agent/s3/error.h"
#include "../../operator/base/memory.h"
#include "unit.h"

struct row {
    const char *method, *key;
    int status;
    const char *region, *code, *more; /* code: of the body; NULL: there is none. more: behind it */
    enum s3_verdict verdict;
    enum reason reason;
    const char *words; /* in the message; NULL: any */
};

static const struct row rows[] = {
    { "GET", "k", 200, NULL, NULL, "", S3_FINE, REASON_NONE, NULL },
    { "GET", "k", 206, NULL, NULL, "", S3_FINE, REASON_NONE, NULL },
    { "GET", "k", 403, NULL, "AccessDenied", "", S3_FAILED, REASON_ACCESS_DENIED, "s3:GetObject" },
    { "HEAD", "k", 403, NULL, NULL, "", S3_FAILED, REASON_ACCESS_DENIED, "s3:GetObject" },
    { "GET", "k", 403, NULL, "InvalidAccessKeyId", "", S3_FAILED, REASON_BAD_CREDENTIALS, "access key" },
    { "GET", "k", 403, NULL, "SignatureDoesNotMatch", "", S3_FAILED, REASON_BAD_CREDENTIALS, "secret" },
    { "GET", "k", 400, NULL, "ExpiredToken", "", S3_EXPIRED, REASON_BAD_CREDENTIALS, "fresh credentials" },
    { "GET", "", 404, NULL, "NoSuchBucket", "", S3_FAILED, REASON_NO_SUCH_BUCKET, "endpoint" },
    { "GET", "", 404, NULL, NULL, "", S3_FAILED, REASON_NO_SUCH_BUCKET, "endpoint" },
    { "GET", "k", 404, NULL, "NoSuchKey", "", S3_FAILED, REASON_NO_SUCH_KEY, "s3://bucket/k" },
    { "GET",
      "k",
      301,
      "eu-west-1",
      "PermanentRedirect",
      "",
      S3_FAILED,
      REASON_WRONG_REGION,
      "is in eu-west-1, not us-east-1" },
    { "HEAD", "k", 301, "eu-west-1", NULL, "", S3_FAILED, REASON_WRONG_REGION, "is in eu-west-1, not us-east-1" },
    { "GET",
      "k",
      400,
      NULL,
      "AuthorizationHeaderMalformed",
      "<Region>eu-west-1</Region>",
      S3_FAILED,
      REASON_WRONG_REGION,
      "is in eu-west-1" },
    { "GET", "k", 412, NULL, "PreconditionFailed", "", S3_FAILED, REASON_DRIFTED, "changed since it was listed" },
    { "PUT", "k", 412, NULL, "PreconditionFailed", "", S3_FAILED, REASON_ALREADY_EXISTS, "first" },
    { "PUT", "k", 409, NULL, "ConditionalRequestConflict", "", S3_AGAIN, REASON_SERVER_ERROR, NULL },
    { "GET", "k", 416, NULL, "InvalidRange", "", S3_FAILED, REASON_TRUNCATED, NULL },
    { "GET", "k", 403, NULL, "RequestTimeTooSkewed", "", S3_CLOCK, REASON_BAD_CREDENTIALS, "clock" },
    { "GET", "k", 503, NULL, "SlowDown", "", S3_SLOWER, REASON_SLOW_DOWN, "fewer connections" },
    { "GET", "k", 503, NULL, NULL, "", S3_SLOWER, REASON_SLOW_DOWN, NULL },
    { "GET", "k", 429, NULL, NULL, "", S3_SLOWER, REASON_SLOW_DOWN, NULL },
    { "GET", "k", 500, NULL, "InternalError", "", S3_AGAIN, REASON_SERVER_ERROR, NULL },
    { "GET", "k", 502, NULL, NULL, "", S3_AGAIN, REASON_SERVER_ERROR, NULL },
    { "GET", "k", 599, NULL, NULL, "", S3_AGAIN, REASON_SERVER_ERROR, NULL },
    { "GET", "k", 405, NULL, "MethodNotAllowed", "", S3_FAILED, REASON_SERVER_ERROR, "check the endpoint" },
    { "POST", "k", 200, NULL, "InternalError", "", S3_AGAIN, REASON_SERVER_ERROR, NULL },
    { "POST", "k", 200, NULL, "AccessDenied", "", S3_FAILED, REASON_ACCESS_DENIED, NULL },
    { "POST", "k", 200, NULL, "SomethingNew", "", S3_AGAIN, REASON_SERVER_ERROR, NULL },
    { "GET", "k", 0, NULL, NULL, "", S3_AGAIN, REASON_UNREACHABLE, "https://bucket.s3.us-east-1.amazonaws.com" },
};

static struct s3_location location_of_bucket(void)
{
    struct s3_location location;
    struct failure failure;

    assert_int_equal(s3_location_init(&location, &(struct s3_location_options){ .uri = "s3://bucket" }, &failure), 0);
    return location;
}

static void judge__answers__mean_what_the_reference_says(void **state)
{
    struct s3_location location = location_of_bucket();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct row *row = &rows[i];
        struct failure failure = { 0 };
        char body[512] = "";
        struct s3_answer answer = {
            .method = row->method, .key = row->key, .status = row->status, .region = row->region
        };

        if (row->code)
            snprintf(
                body, sizeof(body), "<Error><Code>%s</Code><Message>Words.</Message>%s</Error>", row->code, row->more);
        answer.body = slice_of(body);
        if (s3_judge(&answer, &location, &failure) != row->verdict || failure.reason != row->reason)
            fail_msg("row %zu: %s: %s", i, reason_name(failure.reason), failure.message);
        if (row->words && !strstr(failure.message, row->words))
            fail_msg("row %zu: %s", i, failure.message);
    }
    s3_location_finish(&location);
}

static void judge__good_answer_cut_off__is_none(void **state)
{
    struct s3_location location = location_of_bucket();
    struct s3_answer answer = { .method = "GET", .key = "k", .status = 200, .problem = "end of response missing" };
    struct failure failure;

    (void)state;
    assert_int_equal(s3_judge(&answer, &location, &failure), S3_AGAIN);
    assert_int_equal(failure.reason, REASON_UNREACHABLE);
    assert_non_null(strstr(failure.message, "end of response missing"));
    s3_location_finish(&location);
}

static void reason__each__has_a_name_of_its_own(void **state)
{
    (void)state;
    for (enum reason one = REASON_NONE; one < REASONS; one++)
        for (enum reason other = REASON_NONE; other < one; other++)
            assert_string_not_equal(reason_name(one), reason_name(other));
    assert_true(reason_is_transient(REASON_SLOW_DOWN));
    assert_false(reason_is_transient(REASON_ACCESS_DENIED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judge__answers__mean_what_the_reference_says),
        cmocka_unit_test(judge__good_answer_cut_off__is_none),
        cmocka_unit_test(reason__each__has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
