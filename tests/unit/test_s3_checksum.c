#include "../../agent/s3/checksum.h"
#include "../../operator/base/memory.h"
#include "../../operator/http/request.h"
#include "unit.h"

struct answer {
    struct http_header headers[3];
};

static const char *header_of(void *context, const char *name)
{
    const struct answer *answer = context;

    for (size_t i = 0; i < ARRAY_SIZE(answer->headers) && answer->headers[i].name; i++)
        if (strcmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    return NULL;
}

/* The check values of the catalogue of parametrised CRC algorithms (reveng), and of FIPS 180-4, of "123456789". */
static struct answer answers[] = {
    { { { "x-amz-checksum-crc32", "y/Q5Jg==" } } },
    { { { "x-amz-checksum-crc32c", "4waSgw==" } } },
    { { { "x-amz-checksum-crc64nvme", "rosUhgp5mIg=" } } },
    { { { "x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE=" } } },
    { { { "x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=" },
        { "x-amz-checksum-type", "FULL_OBJECT" } } },
};

static bool is_right(struct answer *answer, const char *text, size_t cut)
{
    struct s3_checksum *checksum = s3_checksum_create(header_of, answer);
    bool right;

    assert_non_null(checksum);
    s3_checksum_add(checksum, text, cut);
    s3_checksum_add(checksum, text + cut, strlen(text) - cut);
    right = s3_checksum_is_right(checksum);
    s3_checksum_destroy(checksum);
    return right;
}

static void add__known_bytes_in_any_pieces__give_known_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
        for (size_t cut = 0; cut <= 9; cut++) {
            if (!is_right(&answers[i], "123456789", cut))
                fail_msg("%s", answers[i].headers[0].name);
            assert_false(is_right(&answers[i], "123456780", cut));
        }
}

/* Long pieces take another way than short ones; the value was computed bit by bit, in Python. */
static void add__long_pieces__give_the_same(void **state)
{
    struct answer answer = { { { "x-amz-checksum-crc64nvme", "eqOo0/KyIBI=" } } };
    char text[1001] = "";

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        text[i] = (char)((i * 7 + (i >> 3)) % 251 + 1);
    for (size_t cut = 0; cut <= 1000; cut++)
        if (!is_right(&answer, text, cut))
            fail_msg("cut at %zu", cut);
    text[500] ^= 1;
    assert_false(is_right(&answer, text, 0));
}

static void create__checksum_of_checksums__is_left_alone(void **state)
{
    struct answer rows[] = {
        { { { NULL, NULL } } },
        { { { "x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=-2" } } },
        { { { "x-amz-checksum-crc32c", "4waSgw==" }, { "x-amz-checksum-type", "COMPOSITE" } } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_null(s3_checksum_create(header_of, &rows[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add__known_bytes_in_any_pieces__give_known_values),
        cmocka_unit_test(add__long_pieces__give_the_same),
        cmocka_unit_test(create__checksum_of_checksums__is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
