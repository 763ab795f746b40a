#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "../../agent/manifest.h"
#include "../../agent/shards.h"
#include "unit.h"

static const char empty_sha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void write_lines(const char *path, const char *const *keys, char ret_digest[SHA256_HEX])
{
    FILE *file = path ? fopen(path, "w") : NULL;
    struct manifest_writer writer;
    struct failure failure;

    manifest_writer_start(&writer, file);
    for (; *keys; keys++) {
        struct manifest_line line = { .size = 0 };

        memcpy(line.sha256, empty_sha256, sizeof(line.sha256));
        snprintf(line.key, sizeof(line.key), "%s", *keys);
        assert_int_equal(manifest_write(&writer, &line, &failure), 0);
    }
    assert_int_equal(manifest_writer_end(&writer, ret_digest, &failure), 0);
    if (file)
        fclose(file);
}

static void digest__is_that_of_the_text(void **state)
{
    const char *const keys[] = { "a", "b c", NULL };
    char digest[SHA256_HEX], expected[SHA256_HEX], text[400];

    (void)state;
    snprintf(text, sizeof(text), "%s 0 a\n%s 0 b c\n", empty_sha256, empty_sha256);
    sha256_hex(slice_of(text), expected);
    write_lines(NULL, keys, digest);
    assert_string_equal(digest, expected);
}

static void reading__gives_what_was_written(void **state)
{
    const char *const keys[] = { "a", "a-b", "a/b", "z z", NULL };
    char path[] = "/tmp/kitae-manifest-XXXXXX", digest[SHA256_HEX], again[SHA256_HEX];
    struct manifest_reader reader;
    struct manifest_line line;
    struct failure failure;
    int fd = mkstemp(path);

    (void)state;
    close(fd);
    write_lines(path, keys, digest);
    assert_int_equal(manifest_open(&reader, path, &failure), 0);
    for (int i = 0; keys[i]; i++) {
        assert_int_equal(manifest_read(&reader, &line, &failure), 1);
        assert_string_equal(line.key, keys[i]);
    }
    assert_int_equal(manifest_read(&reader, &line, &failure), 0);
    manifest_close(&reader, again);
    assert_string_equal(digest, again);
    unlink(path);
}

static void reading__other_lines__are_refused(void **state)
{
    static const char *const rows[] = { "",
                                        " 1 a\n",
                                        " 1\n",
                                        " a\n",
                                        " -1 a\n",
                                        " +1 a\n",
                                        "  1 a\n",
                                        " 01 a\n",
                                        " 1 ",
                                        " 1 a/\n",
                                        " 1 ..\n",
                                        " 1  a",
                                        " 99999999999999999999 a\n" };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct manifest_reader reader;
        struct manifest_line line;
        struct failure failure;
        char text[200];

        snprintf(text, sizeof(text), "%s%s", i == 1 ? "E3B0" : empty_sha256, rows[i]);
        manifest_start(&reader, fmemopen(text, strlen(text), "r"), "it");
        if (manifest_read(&reader, &line, &failure) != -1)
            fail_msg("\"%s\" is read", rows[i]);
        manifest_close(&reader, NULL);
    }
}

static void writing__wants_order(void **state)
{
    struct manifest_line line = { .key = "b" };
    struct manifest_writer writer;
    struct failure failure;

    (void)state;
    manifest_writer_start(&writer, NULL);
    assert_int_equal(manifest_write(&writer, &line, &failure), 0);
    assert_int_equal(manifest_write(&writer, &line, &failure), -1); /* twice */
    memcpy(line.key, "a", 2);
    assert_int_equal(manifest_write(&writer, &line, &failure), -1);
    assert_int_equal(failure.reason, REASON_SERVER_ERROR);
    manifest_writer_drop(&writer);
}

static void keys__that_are_no_paths_are_told(void **state)
{
    static const struct {
        const char *key, *word;
    } cases[] = { { "a\nb", "control" },       { "../a", ".." },      { "a/../b", ".." }, { "a/./b", ".." },
                  { "/a", "empty" },           { "a//b", "empty" },   { "a/", "empty" },  { "..", ".." },
                  { ".manifest", "manifest" }, { "a\x7f", "control" } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *problem = key_problem(cases[i].key);

        if (!problem || !strstr(problem, cases[i].word))
            fail_msg("%s: %s", cases[i].key, problem ? problem : "is taken");
    }
    assert_null(key_problem("a/b..c/...d/.manifest"));
}

/* Properties: every key to one rank, the same ranks again, and no two differ by more than the largest object. */
static void shards__are_even_and_stable(void **state)
{
    (void)state;
    for (int world = 1; world <= 17; world += 4) {
        struct shards first, second;
        uint64_t largest = 0, seed = 88172645463325252ULL, most = 0, least = UINT64_MAX;

        shards_init(&first, world);
        shards_init(&second, world);
        for (int i = 0; i < 5000; i++) {
            uint64_t size = (seed ^= seed << 7, seed ^= seed >> 9, seed % 10000);
            int rank = shards_next(&first, size);

            assert_in_range(rank, 0, world - 1);
            assert_int_equal(rank, shards_next(&second, size));
            largest = size > largest ? size : largest;
        }
        for (int rank = 0; rank < world; rank++) {
            most = first.bytes[rank] > most ? first.bytes[rank] : most;
            least = first.bytes[rank] < least ? first.bytes[rank] : least;
        }
        assert_true(most - least <= largest);
        shards_finish(&first);
        shards_finish(&second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest__is_that_of_the_text), cmocka_unit_test(reading__gives_what_was_written),
        cmocka_unit_test(writing__wants_order),        cmocka_unit_test(keys__that_are_no_paths_are_told),
        cmocka_unit_test(shards__are_even_and_stable), cmocka_unit_test(reading__other_lines__are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
