#include "../../agent/s3/location.h"
#include "../../operator/base/memory.h"
#include "unit.h"

struct row {
    struct s3_location_options options;
    const char *url, *host, *path; /* of the key "a b/c=1" */
    const char *prefix;
};

static const struct row rows[] = {
    { { .uri = "s3://bucket" },
      "https://bucket.s3.us-east-1.amazonaws.com",
      "bucket.s3.us-east-1.amazonaws.com",
      "/a%20b/c%3D1",
      "" },
    { { .uri = "s3://bucket/x/y/", .region = "eu-west-1" },
      "https://bucket.s3.eu-west-1.amazonaws.com",
      "bucket.s3.eu-west-1.amazonaws.com",
      "/a%20b/c%3D1",
      "x/y/" },
    { { .uri = "s3://bucket", .region = "cn-north-1" },
      "https://bucket.s3.cn-north-1.amazonaws.com.cn",
      "bucket.s3.cn-north-1.amazonaws.com.cn",
      "/a%20b/c%3D1",
      "" },
    { { .uri = "s3://my.bucket/x" },
      "https://s3.us-east-1.amazonaws.com",
      "s3.us-east-1.amazonaws.com",
      "/my.bucket/a%20b/c%3D1",
      "x" },
    { { .uri = "s3://bucket", .addressing = "Path" },
      "https://s3.us-east-1.amazonaws.com",
      "s3.us-east-1.amazonaws.com",
      "/bucket/a%20b/c%3D1",
      "" },
    { { .uri = "s3://bucket", .endpoint = "http://127.0.0.1:9000" },
      "http://127.0.0.1:9000",
      "127.0.0.1:9000",
      "/bucket/a%20b/c%3D1",
      "" },
    { { .uri = "s3://bucket", .endpoint = "https://[::1]:9000/" },
      "https://[::1]:9000",
      "[::1]:9000",
      "/bucket/a%20b/c%3D1",
      "" },
    { { .uri = "s3://bucket", .endpoint = "http://127.0.0.1:80" },
      "http://127.0.0.1",
      "127.0.0.1",
      "/bucket/a%20b/c%3D1",
      "" },
    { { .uri = "s3://bucket", .endpoint = "https://store.example:443" },
      "https://bucket.store.example",
      "bucket.store.example",
      "/a%20b/c%3D1",
      "" },
    { { .uri = "s3://bucket", .endpoint = "http://store.example:443" },
      "http://bucket.store.example:443",
      "bucket.store.example:443",
      "/a%20b/c%3D1",
      "" },
    { { .uri = "s3://bucket", .endpoint = "http://127.0.0.1:9000", .addressing = "Virtual" },
      "http://bucket.127.0.0.1:9000",
      "bucket.127.0.0.1:9000",
      "/a%20b/c%3D1",
      "" },
};

static void init__all_ways_to_say_where__give_url_host_and_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_strbuf struct strbuf path = { 0 };
        struct s3_location location;
        struct failure failure;

        if (s3_location_init(&location, &rows[i].options, &failure) < 0)
            fail_msg("row %zu: %s", i, failure.message);
        s3_location_path(&location, "a b/c=1", &path);
        assert_string_equal(location.url, rows[i].url);
        assert_string_equal(location.host, rows[i].host);
        assert_string_equal(location.prefix, rows[i].prefix);
        assert_string_equal(strbuf_text(&path), rows[i].path);
        s3_location_finish(&location);
    }
}

static void init__what_cannot_be__is_refused_with_advice(void **state)
{
    static const struct {
        struct s3_location_options options;
        const char *words;
    } refused[] = {
        { { .uri = NULL }, "write s3://bucket" },
        { { .uri = "bucket/x" }, "write s3://bucket" },
        { { .uri = "s3:///x" }, "name of a bucket" },
        { { .uri = "s3://a" }, "name of a bucket" },
        { { .uri = "s3://buc ket" }, "name of a bucket" },
        { { .uri = "s3://bucket", .region = "eu west" }, "--region" },
        { { .uri = "s3://bucket", .region = "x/../y" }, "--region" },
        { { .uri = "s3://bucket", .endpoint = "127.0.0.1:9000" }, "http://host:port" },
        { { .uri = "s3://bucket", .endpoint = "http://" }, "http://host:port" },
        { { .uri = "s3://bucket", .endpoint = "http://host/path" }, "http://host:port" },
        { { .uri = "s3://bucket", .endpoint = "http://user@host" }, "http://host:port" },
        { { .uri = "s3://bucket", .addressing = "path" }, "Virtual or Path" },
        { { .uri = "s3://bucket", .ca_file = "/nowhere/ca.crt" }, "/nowhere/ca.crt" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        struct s3_location location;
        struct failure failure;

        assert_int_equal(s3_location_init(&location, &refused[i].options, &failure), -1);
        assert_int_equal(failure.reason, REASON_INVALID_OPTIONS);
        if (!strstr(failure.message, refused[i].words))
            fail_msg("row %zu: %s", i, failure.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init__all_ways_to_say_where__give_url_host_and_path),
        cmocka_unit_test(init__what_cannot_be__is_refused_with_advice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
