/* How versions lie on a volume: each content once, versions whole or not at all. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/volume.h"
#include "../../operator/base/memory.h"
#include "unit.h"

static struct {
    char path[32];
    struct volume volume;
    struct failure failure;
} it;

static int start(void **state)
{
    (void)state;
    memset(&it, 0, sizeof(it));
    snprintf(it.path, sizeof(it.path), "/tmp/kitae-volume-XXXXXX");
    assert_non_null(mkdtemp(it.path));
    assert_int_equal(volume_open(&it.volume, it.path, &it.failure), 0);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    volume_close(&it.volume);
    return remove_tree(AT_FDCWD, it.path, &it.failure);
}

/* Keeps a content and tells what it is called. */
static void keep(const char *text, char ret_sha256[SHA256_HEX])
{
    char name[VOLUME_NAME];
    int fd = volume_new_content(&it.volume, name, &it.failure);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    sha256_hex(slice_of(text), ret_sha256);
    assert_int_equal(volume_keep_content(&it.volume, name, ret_sha256, &it.failure), 0);
}

/* Makes a version whose contents are their keys; -1 as volume_publish. */
static int publish(const char *const *keys, char ret_digest[SHA256_HEX])
{
    int fd = openat(it.volume.own, "manifest.new", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    struct manifest_writer writer;
    FILE *file = fdopen(fd, "w");

    manifest_writer_start(&writer, file);
    for (; *keys; keys++) {
        struct manifest_line line = { .size = strlen(*keys) };

        snprintf(line.key, sizeof(line.key), "%s", *keys);
        keep(*keys, line.sha256);
        assert_int_equal(manifest_write(&writer, &line, &it.failure), 0);
    }
    assert_int_equal(manifest_writer_end(&writer, ret_digest, &it.failure), 0);
    fclose(file);
    return volume_publish(&it.volume, ret_digest, &it.failure);
}

static bool is_there(int folder, const char *format, ...) printf_like(2, 3);

static bool is_there(int folder, const char *format, ...)
{
    char path[400];
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof(path), format, args);
    va_end(args);
    return faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void content__is_kept_once(void **state)
{
    char sha256[SHA256_HEX], again[SHA256_HEX];

    (void)state;
    keep("text", sha256);
    keep("text", again);
    assert_string_equal(sha256, again);
    assert_true(volume_has_content(&it.volume, sha256, 4));
    assert_false(volume_has_content(&it.volume, sha256, 5)); /* a disk that lost bytes */
    assert_false(volume_has_content(&it.volume, "0123", 4));
}

static void publish__makes_links_to_contents(void **state)
{
    const char *const keys[] = { "a", "b/c d", "b/e/f", NULL };
    char digest[SHA256_HEX], path[400];
    struct stat stat;

    (void)state;
    assert_int_equal(publish(keys, digest), 0);
    assert_true(volume_has_version(&it.volume, digest));
    for (size_t i = 0; keys[i]; i++) {
        snprintf(path, sizeof(path), "%s/%s", digest, keys[i]);
        assert_int_equal(fstatat(it.volume.versions, path, &stat, 0), 0);
        assert_int_equal(stat.st_nlink, 2);
        assert_int_equal(stat.st_size, strlen(keys[i]));
    }
    assert_int_equal(publish(keys, digest), 0); /* again: it is there */
    assert_false(is_there(it.volume.own, "version"));
}

static void publish__key_and_folder__is_refused(void **state)
{
    static const struct {
        const char *keys[3];
    } rows[] = { { { "a", "a/b" } }, { { "a/b", "a/b/c" } }, { { "a/b/c", "a/b/c/d/e" } } };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char digest[SHA256_HEX];

        assert_int_equal(publish(rows[i].keys, digest), -1);
        assert_string_equal(reason_name(it.failure.reason), "InvalidKey");
        assert_false(volume_has_version(&it.volume, digest));
        volume_close(&it.volume);
        assert_int_equal(volume_open(&it.volume, it.path, &it.failure), 0); /* clears what it left */
    }
}

/* A content that the manifest names and nobody has brought. */
static void publish__content_is_missing__makes_no_version(void **state)
{
    const char *const keys[] = { "a", "b", NULL };
    char digest[SHA256_HEX], sha256[SHA256_HEX];

    (void)state;
    assert_int_equal(publish(keys, digest), 0);
    assert_int_equal(volume_remove(&it.volume, digest, &it.failure), 0);
    sha256_hex(slice_of("b"), sha256);
    assert_int_equal(unlinkat(it.volume.objects, sha256, 0), 0);
    assert_int_equal(volume_publish(&it.volume, digest, &it.failure), -1);
    assert_false(volume_has_version(&it.volume, digest));
    assert_false(is_there(it.volume.versions, "%s", digest));
}

static void remove__frees_what_no_version_has(void **state)
{
    const char *const first[] = { "a", "b", NULL }, *const second[] = { "b", "c", NULL };
    char one[SHA256_HEX], two[SHA256_HEX], sha256[SHA256_HEX];

    (void)state;
    assert_int_equal(publish(first, one), 0);
    assert_int_equal(publish(second, two), 0);
    assert_int_equal(volume_remove(&it.volume, one, &it.failure), 0);
    assert_int_equal(volume_remove(&it.volume, one, &it.failure), 0); /* which is not there */
    assert_int_equal(volume_sweep(&it.volume, &it.failure), 0);
    assert_false(volume_has_version(&it.volume, one));
    assert_true(volume_has_version(&it.volume, two));
    for (const char *text = "abc"; *text; text++) {
        sha256_hex((struct slice){ text, 1 }, sha256);
        assert_int_equal(volume_has_content(&it.volume, sha256, 1), *text != 'a');
    }
}

static void open__clears_what_a_killed_run_left(void **state)
{
    char name[VOLUME_NAME];

    (void)state;
    close(volume_new_content(&it.volume, name, &it.failure));
    assert_int_equal(mkdirat(it.volume.own, "version", 0755), 0);
    assert_int_equal(mkdirat(it.volume.own, "version/a", 0755), 0);
    assert_int_equal(symlinkat("/", it.volume.own, "version/a/root"), 0); /* never followed */
    assert_int_equal(mkdirat(it.volume.own, "removed", 0755), 0);
    volume_close(&it.volume);
    assert_int_equal(volume_open(&it.volume, it.path, &it.failure), 0);
    assert_false(is_there(it.volume.own, "%s", name));
    assert_false(is_there(it.volume.own, "version"));
    assert_false(is_there(it.volume.own, "removed"));
    assert_true(is_there(it.volume.own, "new"));
}

static void open__second_sync__waits_for_another_time(void **state)
{
    struct volume second;

    (void)state;
    assert_int_equal(volume_open(&second, it.path, &it.failure), -1);
    assert_true(reason_is_transient(it.failure.reason));
    assert_non_null(strstr(it.failure.message, "another sync"));
    volume_close(&second);
}

static void open__folder_is_not_there__says_so(void **state)
{
    struct volume volume;

    (void)state;
    assert_int_equal(volume_open(&volume, "/nowhere/at/all", &it.failure), -1);
    assert_non_null(strstr(it.failure.message, "/nowhere/at/all"));
    volume_close(&volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(content__is_kept_once, start, finish),
        cmocka_unit_test_setup_teardown(publish__makes_links_to_contents, start, finish),
        cmocka_unit_test_setup_teardown(publish__key_and_folder__is_refused, start, finish),
        cmocka_unit_test_setup_teardown(publish__content_is_missing__makes_no_version, start, finish),
        cmocka_unit_test_setup_teardown(remove__frees_what_no_version_has, start, finish),
        cmocka_unit_test_setup_teardown(open__clears_what_a_killed_run_left, start, finish),
        cmocka_unit_test_setup_teardown(open__second_sync__waits_for_another_time, start, finish),
        cmocka_unit_test_setup_teardown(open__folder_is_not_there__says_so, start, finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
