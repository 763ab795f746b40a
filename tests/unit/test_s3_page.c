#include "../../agent/s3/page.h"
#include "../../operator/base/memory.h"
#include "unit.h"

static const char page_text[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    "<Name>b</Name><Prefix>p%2F</Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><Delimiter>%2F</Delimiter>"
    "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>a+b%2F=</"
    "NextContinuationToken>"
    "<Contents><Key>p%2Fa+b%2Bc</Key><LastModified>2026-11-23T20:00:00.000Z</LastModified><ETag>&quot;0123&quot;</ETag>"
    "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><Size>5368709120</Size><Owner><Key>no</Key></Owner></Contents>"
    "<Contents><Key>p%2Fempty</Key><Size>0</Size></Contents>"
    "<CommonPrefixes><Prefix>p%2Fdt%3D1%2F</Prefix></CommonPrefixes></ListBucketResult>";

static void parse__full_page__has_all_that_counts(void **state)
{
    struct s3_page page;
    struct failure failure;

    (void)state;
    assert_int_equal(s3_page_parse(slice_of(page_text), &page, &failure), 0);
    assert_int_equal(page.count, 2);
    assert_string_equal(page.objects[0].key, "p/a b+c");
    assert_string_equal(page.objects[0].etag, "\"0123\"");
    assert_int_equal(page.objects[0].size, 5368709120);
    assert_int_equal(page.objects[0].modified, 1795464000);
    assert_string_equal(page.objects[1].key, "p/empty");
    assert_string_equal(page.objects[1].etag, "");
    assert_int_equal(page.objects[1].size, 0);
    assert_int_equal(page.folder_count, 1);
    assert_string_equal(page.folders[0], "p/dt=1/");
    assert_string_equal(page.token, "a+b%2F="); /* a token is not encoded */
    s3_page_finish(&page);
}

static void parse__not_encoded__keys_stay_as_they_are(void **state)
{
    struct s3_page page;
    struct failure failure;

    (void)state;
    assert_int_equal(s3_page_parse(slice_of("<ListBucketResult><IsTruncated>false</IsTruncated><NextContinuationToken>x"
                                            "</NextContinuationToken><Contents><Key>a+%41&amp;</Key><Size>1</Size>"
                                            "</Contents></ListBucketResult>"),
                                   &page,
                                   &failure),
                     0);
    assert_string_equal(page.objects[0].key, "a+%41&");
    assert_null(page.token);
    s3_page_finish(&page);
}

#define PAGE(content)   "<ListBucketResult><EncodingType>url</EncodingType>" content "</ListBucketResult>"
#define OBJECT(content) PAGE("<Contents>" content "</Contents>")

static void parse__what_is_no_page__is_refused(void **state)
{
    static const struct {
        const char *text;
        enum reason reason;
    } rows[] = {
        { "", REASON_SERVER_ERROR },
        { "<html></html>", REASON_SERVER_ERROR },
        { "<ListBucketResult>", REASON_SERVER_ERROR },
        { PAGE("<IsTruncated>true</IsTruncated>"), REASON_SERVER_ERROR },
        { OBJECT("<Size>1</Size>"), REASON_SERVER_ERROR },
        { OBJECT("<Key>a</Key><Size>-1</Size>"), REASON_SERVER_ERROR },
        { OBJECT("<Key>a</Key><Size>99999999999999999999</Size>"), REASON_SERVER_ERROR },
        { OBJECT("<Key></Key><Size>1</Size>"), REASON_SERVER_ERROR },
        { OBJECT("<Key>&bad;</Key><Size>1</Size>"), REASON_SERVER_ERROR },
        { OBJECT("<Key>a%00b</Key><Size>1</Size>"), REASON_INVALID_KEY },
        { OBJECT("<Key>a%4</Key><Size>1</Size>"), REASON_INVALID_KEY },
        { PAGE("<CommonPrefixes></CommonPrefixes>"), REASON_SERVER_ERROR },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct s3_page page;
        struct failure failure;

        if (s3_page_parse(slice_of(rows[i].text), &page, &failure) == 0)
            fail_msg("%s", rows[i].text);
        assert_int_equal(failure.reason, rows[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse__full_page__has_all_that_counts),
        cmocka_unit_test(parse__not_encoded__keys_stay_as_they_are),
        cmocka_unit_test(parse__what_is_no_page__is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
