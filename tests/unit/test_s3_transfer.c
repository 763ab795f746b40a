/* The scheduler and its operations against a server that misbehaves as a test tells it to. */

#include "../../agent/s3/get.h"
#include "../../agent/s3/list.h"
#include "../../agent/s3/look.h"
#include "../../agent/s3/put.h"
#include "../../operator/base/memory.h"
#include "fake_server.h"
#include "unit.h"

static struct {
    struct fake_server server;
    struct s3_location location;
    struct s3 *s3;
    struct failure failure;
    struct strbuf body;
    atomic_uint answered;
    bool over, failed;
} it;

static void start(fake_serve *serve, const char *const *answers)
{
    char endpoint[64];
    struct s3_location_options options = { .uri = "s3://bucket", .endpoint = endpoint };
    struct s3_settings settings = { .location = &it.location, .attempts = 4, .first_delay_ms = 1 };

    memset(&it, 0, sizeof(it));
    setenv("AWS_ACCESS_KEY_ID", "key", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    fake_start(&it.server, serve, answers);
    snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%u", it.server.port);
    assert_int_equal(s3_location_init(&it.location, &options, &it.failure), 0);
    it.s3 = s3_create(&settings, &it.failure);
    assert_non_null(it.s3);
}

static void finish(void)
{
    s3_destroy(it.s3);
    s3_location_finish(&it.location);
    fake_stop(&it.server);
    strbuf_finish(&it.body);
}

/* Answers requests by the script's texts, in order; the last one again and again. One that ends in "|" is cut off. */
static void serve_script(struct fake_server *server, int fd, unsigned nth)
{
    const char *const *answers = server->script;

    (void)nth;
    while (fake_reads(server, fd)) {
        unsigned at = atomic_fetch_add(&it.answered, 1);
        size_t length;

        for (unsigned i = 0; i < at && answers[1]; i++)
            answers++;
        length = strlen(*answers);
        if (length && (*answers)[length - 1] == '|') {
            fake_send(fd, *answers, length - 1);
            return;
        }
        fake_says(fd, *answers);
        answers = server->script;
    }
}

#define ANSWER(status, headers, length, body)                                                                          \
    "HTTP/1.1 " status "\r\n" headers "Content-Length: " length "\r\n\r\n" body
#define ERROR(status, code, length) ANSWER(status, "", length, "<Error><Code>" code "</Code></Error>")

static int add(void *context, uint64_t offset, const void *bytes, size_t length, struct failure *failure)
{
    (void)context;
    (void)failure;
    assert_int_equal(offset, it.body.length);
    strbuf_append(&it.body, bytes, length);
    return 0;
}

static void note(void *context, const struct failure *failure)
{
    (void)context;
    assert_false(it.over);
    it.over = true;
    it.failed = failure;
    if (failure)
        it.failure = *failure;
}

static void get(const char *etag, uint64_t size)
{
    s3_get(it.s3, &(struct s3_get){ .key = "k", .etag = etag, .size = size, .write = add, .done = note });
    while (!it.over)
        (void)s3_step(it.s3, 1000);
}

static void expect(enum reason reason)
{
    assert_string_equal(it.failed ? reason_name(it.failure.reason) : "", reason_name(reason));
}

/* -- reading ------------------------------------------------------------------------------------------------------ */

static void get__slow_down_and_trouble__is_tried_again(void **state)
{
    static const char *const answers[] = { ERROR("503 Slow", "SlowDown", "36"),
                                           ERROR("500 Oh", "InternalError", "41"),
                                           ANSWER("200 OK", "", "3", "abc"),
                                           NULL };

    (void)state;
    start(serve_script, answers);
    get(NULL, 3);
    expect(REASON_NONE);
    assert_string_equal(strbuf_text(&it.body), "abc");
    assert_int_equal(s3_counters(it.s3).retries, 2);
    assert_int_equal(s3_counters(it.s3).slow_downs, 1);
    finish();
}

static void get__never_well__gives_up_with_the_reason(void **state)
{
    static const char *const answers[] = { ERROR("503 Slow", "SlowDown", "36"), NULL };

    (void)state;
    start(serve_script, answers);
    get(NULL, 3);
    expect(REASON_SLOW_DOWN);
    assert_int_equal(s3_counters(it.s3).requests, 4);
    finish();
}

static void get__cut_off__goes_on_where_it_broke(void **state)
{
    static const char *const answers[] = { ANSWER("200 OK", "ETag: \"e\"\r\n", "6", "abc") "|",
                                           ANSWER(
                                               "206 Part", "Content-Range: bytes 3-5/6\r\nETag: \"e\"\r\n", "3", "def"),
                                           NULL };
    const char *second;

    (void)state;
    start(serve_script, answers);
    get(NULL, 6);
    expect(REASON_NONE);
    assert_string_equal(strbuf_text(&it.body), "abcdef");
    second = fake_request(&it.server, 1);
    assert_non_null(strstr(second, "\r\nrange: bytes=3-5\r\n"));
    assert_non_null(strstr(second, "\r\nif-match: \"e\"\r\n")); /* what the first answer said */
    assert_non_null(strstr(second, "SignedHeaders=host;if-match;range;x-amz-content-sha256;x-amz-date,"));
    finish();
}

static void get__object_changes_while_it_is_read__has_drifted(void **state)
{
    static const char *const answers[] = { ANSWER("200 OK", "", "6", "abc") "|",
                                           ERROR("412 No", "PreconditionFailed", "46"),
                                           NULL };

    (void)state;
    start(serve_script, answers);
    get("\"e\"", 6);
    expect(REASON_DRIFTED);
    finish();
}

static void get__other_size_or_range__is_not_taken(void **state)
{
    static const struct {
        const char *answers[3];
        enum reason reason;
    } rows[] = {
        { { ANSWER("200 OK", "", "2", "ab") }, REASON_TRUNCATED },
        { { ANSWER("200 OK", "", "4", "abcd") }, REASON_TRUNCATED },
        { { ANSWER("200 OK", "", "3", "ab") "|", ANSWER("200 OK", "", "3", "abc") }, REASON_SERVER_ERROR },
        { { ANSWER("200 OK", "", "3", "ab") "|", ANSWER("206 Part", "Content-Range: bytes 0-0/3\r\n", "1", "a") },
          REASON_SERVER_ERROR },
        { { ANSWER("200 OK", "", "3", "ab") "|", ANSWER("206 Part", "Content-Range: bytes 2-2/9\r\n", "1", "c") },
          REASON_TRUNCATED },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        start(serve_script, rows[i].answers);
        get(NULL, 3);
        expect(rows[i].reason);
        finish();
    }
}

static void get__checksum__is_compared_across_a_break(void **state)
{
    static const char *const answers[] = { ANSWER("200 OK", "x-amz-checksum-crc32: y/Q5Jg==\r\n", "9", "1234") "|",
                                           ANSWER("206 Part", "Content-Range: bytes 4-8/9\r\n", "5", "56789"),
                                           NULL };
    static const char *const wrong[] = { ANSWER("200 OK", "x-amz-checksum-crc32: y/Q5Jg==\r\n", "9", "123456780"),
                                         NULL };

    (void)state;
    start(serve_script, answers);
    get(NULL, 9);
    expect(REASON_NONE);
    assert_non_null(strstr(fake_request(&it.server, 0), "\r\nx-amz-checksum-mode: ENABLED\r\n"));
    finish();
    start(serve_script, wrong);
    get(NULL, 9);
    expect(REASON_CHECKSUM_MISMATCH);
    assert_non_null(strstr(it.failure.message, "CRC32"));
    finish();
}

static void get__redirected__is_not_followed(void **state)
{
    static const char *const answers[] = {
        ANSWER("301 Moved", "Location: http://127.0.0.1:1/\r\nx-amz-bucket-region: eu-west-1\r\n", "0", ""), NULL
    };

    (void)state;
    start(serve_script, answers);
    get(NULL, 3);
    expect(REASON_WRONG_REGION);
    assert_non_null(strstr(it.failure.message, "eu-west-1"));
    assert_int_equal(s3_counters(it.s3).requests, 1);
    finish();
}

static void get__clock_is_wrong__takes_the_servers_once(void **state)
{
    static const char *const answers[] = {
        ANSWER("403 No",
               "Date: Wed, 01 Jan 2031 12:00:00 GMT\r\n",
               "48",
               "<Error><Code>RequestTimeTooSkewed</Code></Error>"),
        ANSWER("200 OK", "", "3", "abc"),
        NULL,
    };

    (void)state;
    start(serve_script, answers);
    get(NULL, 3);
    expect(REASON_NONE);
    assert_non_null(strstr(fake_request(&it.server, 1), "x-amz-date: 20310101T1200"));
    finish();
    start(serve_script, (const char *const[]){ answers[0], NULL });
    get(NULL, 3);
    expect(REASON_BAD_CREDENTIALS);
    assert_int_equal(s3_counters(it.s3).requests, 2);
    finish();
}

/* -- writing ------------------------------------------------------------------------------------------------------ */

static int put_text(const char *key, const char *text, bool only_if_absent)
{
    return s3_put_now(
        it.s3,
        (struct s3_put){ .key = key, .bytes = text, .size = strlen(text), .only_if_absent = only_if_absent },
        &it.failure);
}

static void put__over_plain_http__body_is_signed(void **state)
{
    static const char *const answers[] = { ANSWER("200 OK", "", "0", ""), NULL };

    (void)state;
    start(serve_script, answers);
    assert_int_equal(put_text("k", "Welcome to Amazon S3.", true), 0);
    assert_non_null(strstr(fake_request(&it.server, 0),
                           "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"));
    assert_non_null(strstr(fake_request(&it.server, 0), "\r\nif-none-match: *\r\n"));
    assert_non_null(strstr(fake_request(&it.server, 0), "\r\n\r\nWelcome to Amazon S3."));
    finish();
}

#define WELCOME "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
#define BASE64  "RM591nyVng01JP+sF3Hfu6h9K2tLTpnkIDSouAP4sHI="

static void put_welcome(const char *sha256)
{
    static const char text[] = "Welcome to Amazon S3.";

    it.over = false;
    s3_put(it.s3, &(struct s3_put){ .key = "k", .bytes = text, .size = strlen(text), .sha256 = sha256, .done = note });
    while (!it.over)
        (void)s3_step(it.s3, 1000);
}

static void put__content_is_known__server_is_told(void **state)
{
    static const char *const answers[] = { ANSWER("200 OK", "", "0", ""), NULL };

    (void)state;
    start(serve_script, answers);
    put_welcome(WELCOME);
    expect(REASON_NONE);
    assert_non_null(strstr(fake_request(&it.server, 0), "\r\nx-amz-checksum-sha256: " BASE64 "\r\n"));
    assert_non_null(strstr(fake_request(&it.server, 0), "\r\nx-amz-content-sha256: " WELCOME "\r\n"));
    finish();
}

static void put__damaged_again_and_again__gives_up_soon(void **state)
{
    static const char *const answers[] = { ERROR("400 No", "BadDigest", "37"), NULL };

    (void)state;
    start(serve_script, answers);
    put_welcome(WELCOME);
    expect(REASON_CHECKSUM_MISMATCH);
    assert_int_equal(s3_counters(it.s3).requests, 3); /* of 4 attempts */
    finish();
}

static bool was_there;

static void note_look(void *context, bool is_there, const struct failure *failure)
{
    was_there = is_there;
    note(context, failure);
}

static void look__is_there__when_the_server_knows_its_content(void **state)
{
    static const struct {
        const char *answer;
        bool is_there;
        enum reason reason;
    } rows[] = {
        { ANSWER("200 OK", "x-amz-checksum-sha256: " BASE64 "\r\n", "0", ""), true, REASON_NONE },
        { ANSWER("200 OK", "x-amz-checksum-sha256: " BASE64 "-2\r\n", "0", ""), false, REASON_NONE }, /* in parts */
        { ANSWER("200 OK", "x-amz-checksum-crc32: y/Q5Jg==\r\n", "0", ""), false, REASON_NONE },
        { ANSWER("200 OK", "", "0", ""), false, REASON_NONE },
        { ANSWER("404 No", "", "0", ""), false, REASON_NONE },
        { ANSWER("403 No", "", "0", ""), false, REASON_ACCESS_DENIED },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        start(serve_script, (const char *const[]){ rows[i].answer, NULL });
        s3_look(it.s3, "k", WELCOME, note_look, NULL);
        while (!it.over)
            (void)s3_step(it.s3, 1000);
        expect(rows[i].reason);
        assert_int_equal(was_there, rows[i].is_there);
        assert_int_equal(strncmp(fake_request(&it.server, 0), "HEAD /bucket/k ", 15), 0);
        finish();
    }
}

/* -- listing ------------------------------------------------------------------------------------------------------ */

static enum reason list(void)
{
    struct s3_listing *listing = s3_listing_create(it.s3, "", NULL, NULL);
    const struct failure *failure = NULL;
    enum reason reason;

    while (!s3_listing_ended(listing, &failure)) {
        while (s3_listing_next(listing))
            continue;
        (void)s3_step(it.s3, 1000);
    }
    reason = failure ? failure->reason : REASON_NONE;
    it.failure = failure ? *failure : it.failure;
    s3_listing_destroy(listing);
    return reason;
}

static void list__not_in_key_order__is_refused(void **state)
{
    static const char *const answers[] = { ANSWER("200 OK",
                                                  "",
                                                  "150",
                                                  "<ListBucketResult><Contents><Key>b</Key><Size>1</Size></Contents>"
                                                  "<Contents><Key>a</Key><Size>1</Size></Contents>"
                                                  "<Name>bucket</Name></ListBucketResult>"),
                                           NULL };

    (void)state;
    start(serve_script, answers);
    assert_string_equal(reason_name(list()), "ServerError");
    assert_non_null(strstr(it.failure.message, "key order"));
    finish();
}

static void destroy__under_way__tells_who_waits(void **state)
{
    static const char *const answers[] = { ANSWER("200 OK", "", "9", "abc"), NULL };

    (void)state;
    start(serve_script, answers);
    s3_get(it.s3, &(struct s3_get){ .key = "k", .size = 9, .write = add, .done = note });
    while (it.body.length < 3)
        (void)s3_step(it.s3, 1000);
    assert_false(it.over);
    s3_destroy(take(it.s3));
    expect(REASON_INTERRUPTED);
    assert_true(it.over);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get__slow_down_and_trouble__is_tried_again),
        cmocka_unit_test(get__never_well__gives_up_with_the_reason),
        cmocka_unit_test(get__cut_off__goes_on_where_it_broke),
        cmocka_unit_test(get__object_changes_while_it_is_read__has_drifted),
        cmocka_unit_test(get__other_size_or_range__is_not_taken),
        cmocka_unit_test(get__checksum__is_compared_across_a_break),
        cmocka_unit_test(get__redirected__is_not_followed),
        cmocka_unit_test(get__clock_is_wrong__takes_the_servers_once),
        cmocka_unit_test(put__over_plain_http__body_is_signed),
        cmocka_unit_test(put__content_is_known__server_is_told),
        cmocka_unit_test(put__damaged_again_and_again__gives_up_soon),
        cmocka_unit_test(look__is_there__when_the_server_knows_its_content),
        cmocka_unit_test(list__not_in_key_order__is_refused),
        cmocka_unit_test(destroy__under_way__tells_who_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
