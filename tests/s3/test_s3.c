/*
 * The client against a real server: S3_ENDPOINT, with the bucket S3_BUCKET, empty, and AWS_* credentials that may do
 * all to it. S3_TAKES_ANY_KEYS: the server does not look at credentials.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../../agent/s3/get.h"
#include "../../agent/s3/list.h"
#include "../../agent/s3/put.h"
#include "../../operator/base/memory.h"
#include "../unit/unit.h"

enum { LARGE = 40 * 1024 * 1024 + 12345 };

static struct {
    struct s3_location location;
    struct s3 *s3;
    volatile sig_atomic_t interrupted;
    struct failure failure;
    bool over, failed;
} it;

static struct s3_location_options options_of(const char *bucket)
{
    static char uri[128];

    snprintf(uri, sizeof(uri), "s3://%s", bucket);
    return (struct s3_location_options){
        .uri = uri, .endpoint = getenv("S3_ENDPOINT"), .addressing = "Path", .ca_file = getenv("S3_CA_FILE")
    };
}

static void start(const char *bucket, struct s3_settings settings)
{
    struct s3_location_options options = options_of(bucket);

    it.interrupted = 0;
    assert_int_equal(s3_location_init(&it.location, &options, &it.failure), 0);
    settings.location = &it.location;
    settings.interrupted = &it.interrupted;
    settings.first_delay_ms = 10;
    it.s3 = s3_create(&settings, &it.failure);
    assert_non_null(it.s3);
}

static void begin(void)
{
    start(getenv("S3_BUCKET"), (struct s3_settings){ 0 });
}

static void end(void)
{
    s3_destroy(it.s3);
    s3_location_finish(&it.location);
}

static void note(void *context, const struct failure *failure)
{
    (void)context;
    it.over = true;
    it.failed = failure;
    if (failure)
        it.failure = *failure;
}

static void wait_for_it(void)
{
    while (!it.over)
        (void)s3_step(it.s3, 1000);
    it.over = false;
}

static void expect_fine(void)
{
    wait_for_it();
    if (it.failed)
        fail_msg("%s: %s", reason_name(it.failure.reason), it.failure.message);
}

static void expect_reason(enum reason reason)
{
    wait_for_it();
    assert_true(it.failed);
    assert_string_equal(reason_name(it.failure.reason), reason_name(reason));
    printf("# %s\n", it.failure.message);
}

static int put_text(const char *key, const char *text, bool only_if_absent)
{
    return s3_put_now(
        it.s3,
        (struct s3_put){ .key = key, .bytes = text, .size = strlen(text), .only_if_absent = only_if_absent },
        &it.failure);
}

static void put(const char *key, const char *text)
{
    if (put_text(key, text, false) < 0)
        fail_msg("%s", it.failure.message);
}

/* -- small ones --------------------------------------------------------------------------------------------------- */

static void put_and_get__keys_of_all_kinds__come_back(void **state)
{
    static const char *const keys[] = { "plain",
                                        "dt=2026-01-01/a b+c%41&d=e;f.txt",
                                        "\xc3\xa4/\xe6\x97\xa5\xe6\x9c\xac",
                                        "a~b!c'd(e)f*g@h:i,j$k",
                                        "empty" };

    (void)state;
    begin();
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        auto_strbuf struct strbuf body = { 0 };

        put(keys[i], strcmp(keys[i], "empty") == 0 ? "" : keys[i]);
        if (s3_get_text(it.s3, keys[i], &body, &it.failure) < 0)
            fail_msg("%s: %s", keys[i], it.failure.message);
        assert_string_equal(strbuf_text(&body), strcmp(keys[i], "empty") == 0 ? "" : keys[i]);
        assert_int_equal(s3_delete_now(it.s3, keys[i], &it.failure), 0);
        assert_int_equal(s3_get_text(it.s3, keys[i], &body, &it.failure), -1);
        assert_string_equal(reason_name(it.failure.reason), "NoSuchKey");
    }
    assert_int_equal(s3_delete_now(it.s3, "never/there", &it.failure), 0);
    end();
}

static void put__only_if_absent__is_late_the_second_time(void **state)
{
    (void)state;
    begin();
    assert_int_equal(put_text("once", "a", true), 0);
    assert_int_equal(put_text("once", "b", true), -1);
    assert_string_equal(reason_name(it.failure.reason), "AlreadyExists");
    assert_int_equal(s3_delete_now(it.s3, "once", &it.failure), 0);
    end();
}

static void get__bucket_is_wrong__says_so(void **state)
{
    auto_strbuf struct strbuf body = { 0 };

    (void)state;
    start("kitae-no-such-bucket", (struct s3_settings){ .attempts = 2 });
    assert_int_equal(s3_get_text(it.s3, "a", &body, &it.failure), -1);
    assert_string_equal(reason_name(it.failure.reason), "NoSuchBucket");
    printf("# %s\n", it.failure.message);
    end();
}

static void get__keys_are_wrong__says_so(void **state)
{
    auto_strbuf struct strbuf body = { 0 };

    (void)state;
    if (getenv("S3_TAKES_ANY_KEYS"))
        skip();
    setenv("AWS_SECRET_ACCESS_KEY_KEPT", getenv("AWS_SECRET_ACCESS_KEY"), 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
    begin();
    assert_int_equal(s3_get_text(it.s3, "a", &body, &it.failure), -1);
    assert_string_equal(reason_name(it.failure.reason), "BadCredentials");
    printf("# %s\n", it.failure.message);
    end();
    setenv("AWS_SECRET_ACCESS_KEY", getenv("AWS_SECRET_ACCESS_KEY_KEPT"), 1);
}

/* -- large ones --------------------------------------------------------------------------------------------------- */

static char *large_bytes(void)
{
    char *bytes = xcalloc(1, LARGE);
    unsigned state = 1;

    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (char)((state = state * 1103515245 + 12345) >> 16);
    return bytes;
}

struct copy {
    char *bytes;
    uint64_t received, in_order;
    uint64_t stop_at; /* interrupt there; 0: never */
};

static int copy_piece(void *context, uint64_t offset, const void *bytes, size_t length, struct failure *failure)
{
    struct copy *copy = context;

    (void)failure;
    assert_true(offset + length <= LARGE);
    memcpy(copy->bytes + offset, bytes, length);
    if (offset == copy->in_order)
        copy->in_order += length;
    copy->received += length;
    if (copy->stop_at && copy->received >= copy->stop_at)
        it.interrupted = 1;
    return 0;
}

static void get_large(struct copy *copy, const char *etag, uint64_t from, unsigned ranges, uint64_t size)
{
    s3_get(it.s3,
           &(struct s3_get){ .key = "large",
                             .etag = etag,
                             .size = size,
                             .from = from,
                             .ranges = ranges,
                             .write = copy_piece,
                             .done = note,
                             .context = copy });
}

static char *etag_of(const char *key)
{
    struct s3_listing *listing = s3_listing_create(it.s3, key, NULL, NULL);
    const struct s3_object *object;
    char *etag;

    while (!(object = s3_listing_next(listing)) && !s3_listing_ended(listing, NULL))
        (void)s3_step(it.s3, 1000);
    assert_non_null(object);
    assert_string_equal(object->key, key);
    etag = xstrdup(object->etag);
    s3_listing_destroy(listing);
    return etag;
}

static void put_and_get__large__in_parts_and_ranges(void **state)
{
    auto_free char *bytes = large_bytes(), *etag = NULL;
    struct copy whole = { .bytes = xcalloc(1, LARGE) }, ranges = { .bytes = xcalloc(1, LARGE) };
    char path[] = "/tmp/kitae-s3-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    begin();
    unlink(path);
    assert_int_equal(write(fd, bytes, LARGE), LARGE);
    s3_put(it.s3, &(struct s3_put){ .key = "large", .fd = fd, .size = LARGE, .done = note });
    expect_fine();
    etag = etag_of("large");
    get_large(&whole, etag, 0, 1, LARGE);
    expect_fine();
    assert_int_equal(whole.in_order, LARGE);
    assert_memory_equal(whole.bytes, bytes, LARGE);
    get_large(&ranges, etag, 0, 8, LARGE);
    expect_fine();
    assert_int_equal(ranges.received, LARGE);
    assert_memory_equal(ranges.bytes, bytes, LARGE);
    memset(whole.bytes, 0, LARGE);
    whole.received = 0;
    get_large(&whole, etag, LARGE - 1000, 1, LARGE);
    expect_fine();
    assert_int_equal(whole.received, 1000);
    assert_memory_equal(whole.bytes + LARGE - 1000, bytes + LARGE - 1000, 1000);
    get_large(&whole, "\"0123\"", 0, 1, LARGE);
    expect_reason(REASON_DRIFTED);
    get_large(&whole, NULL, 0, 1, LARGE + 1);
    expect_reason(REASON_TRUNCATED);
    get_large(&whole, NULL, 0, 1, LARGE - 1);
    expect_reason(REASON_TRUNCATED);
    free(whole.bytes);
    free(ranges.bytes);
    close(fd);
    end();
}

static void get__interrupted__stops_at_once(void **state)
{
    struct copy copy = { .bytes = xcalloc(1, LARGE), .stop_at = 1024 * 1024 };

    (void)state;
    begin();
    get_large(&copy, NULL, 0, 1, LARGE);
    expect_reason(REASON_INTERRUPTED);
    assert_true(copy.received < LARGE);
    assert_false(s3_room(it.s3));
    free(copy.bytes);
    end();
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void get__capped__keeps_to_it(void **state)
{
    struct copy copy = { .bytes = xcalloc(1, LARGE) };
    int64_t from, took;

    (void)state;
    start(getenv("S3_BUCKET"), (struct s3_settings){ .max_bytes_per_second = 20 * 1024 * 1024 });
    from = now_ms();
    get_large(&copy, NULL, 0, 8, LARGE);
    expect_fine();
    took = now_ms() - from;
    printf("# %d bytes in %lld ms\n", LARGE, (long long)took);
    assert_true(took > 1800 && took < 20000); /* 2 s, less a piece for each connection */
    from = now_ms();
    s3_put(it.s3, &(struct s3_put){ .key = "large", .bytes = copy.bytes, .size = LARGE, .done = note });
    expect_fine();
    took = now_ms() - from;
    printf("# and back in %lld ms\n", (long long)took);
    assert_true(took > 1800 && took < 20000);
    free(copy.bytes);
    assert_int_equal(s3_delete_now(it.s3, "large", &it.failure), 0);
    end();
}

/* -- many --------------------------------------------------------------------------------------------------------- */

enum { FOLDERS = 5, IN_FOLDER = 700, MANY = FOLDERS * IN_FOLDER + 2 };

static unsigned ended;

static void count_end(void *context, const struct failure *failure)
{
    (void)context;
    ended++;
    if (failure)
        fail_msg("%s", failure->message);
}

static void put_many(void)
{
    ended = 0;
    for (unsigned i = 0; i < MANY; i++) {
        char key[64];

        if (i < FOLDERS * IN_FOLDER)
            snprintf(key, sizeof(key), "many/dt=%u/%05u", i / IN_FOLDER, i % IN_FOLDER);
        else
            snprintf(key, sizeof(key), "many/%s", i % 2 ? "first" : "zlast");
        while (!s3_room(it.s3))
            (void)s3_step(it.s3, 1000);
        s3_put(it.s3, &(struct s3_put){ .key = key, .bytes = "x", .size = 1, .done = count_end });
    }
    while (ended < MANY)
        (void)s3_step(it.s3, 1000);
}

static enum s3_enter only_dt_2(void *context, const char *prefix)
{
    ++*(unsigned *)context;
    return strcmp(prefix, "many/dt=2/") == 0 ? S3_ENTER : S3_SKIP;
}

static unsigned list_all(const char *prefix, s3_enter *enter, void *context)
{
    struct s3_listing *listing = s3_listing_create(it.s3, prefix, enter, context);
    const struct failure *failure = NULL;
    char last[S3_KEY_MAX + 1] = "";
    unsigned count = 0;

    while (!s3_listing_ended(listing, &failure)) {
        const struct s3_object *object;

        while ((object = s3_listing_next(listing))) {
            assert_true(strcmp(last, object->key) < 0);
            assert_true(strlen(object->etag) > 2 && *object->etag == '"');
            assert_int_equal(object->size, 1);
            assert_true(object->modified > 1700000000);
            snprintf(last, sizeof(last), "%s", object->key);
            count++;
        }
        (void)s3_step(it.s3, 1000);
    }
    if (failure)
        fail_msg("%s", failure->message);
    s3_listing_destroy(listing);
    return count;
}

static void list__folders__in_order_and_pruned(void **state)
{
    unsigned asked = 0;

    (void)state;
    begin();
    put_many();
    assert_int_equal(list_all("many/", NULL, NULL), MANY);
    assert_int_equal(list_all("man", NULL, NULL), MANY);
    assert_int_equal(list_all("many/dt=2/", only_dt_2, &asked), IN_FOLDER);
    assert_int_equal(asked, 0);
    assert_int_equal(list_all("many/", only_dt_2, &asked), IN_FOLDER + 2);
    assert_int_equal(asked, FOLDERS);
    assert_int_equal(list_all("nothing/", NULL, NULL), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_and_get__keys_of_all_kinds__come_back),
        cmocka_unit_test(put__only_if_absent__is_late_the_second_time),
        cmocka_unit_test(get__bucket_is_wrong__says_so),
        cmocka_unit_test(get__keys_are_wrong__says_so),
        cmocka_unit_test(put_and_get__large__in_parts_and_ranges),
        cmocka_unit_test(get__interrupted__stops_at_once),
        cmocka_unit_test(get__capped__keeps_to_it),
        cmocka_unit_test(list__folders__in_order_and_pruned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
