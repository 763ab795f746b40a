/* What a sync remembers: read beside the list, and put together again when one was killed. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../agent/state.h"
#include "../../agent/volume.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "unit.h"

static const char sha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static struct {
    char path[32];
    int folder;
    struct failure failure;
} it;

static int start(void **state)
{
    (void)state;
    snprintf(it.path, sizeof(it.path), "/tmp/kitae-state-XXXXXX");
    assert_non_null(mkdtemp(it.path));
    it.folder = open(it.path, O_RDONLY | O_DIRECTORY);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    close(it.folder);
    return remove_tree(AT_FDCWD, it.path, &it.failure);
}

/* A file with a line for each of `keys`, whose ETag is `etag`; then `tail` as it is. NULL: there is no such file. */
static void has(const char *name, const char *etag, const char *keys, const char *tail)
{
    char *copy = strdup(keys ? keys : ""), *rest, *key;
    int fd;

    unlinkat(it.folder, name, 0);
    if (keys) {
        fd = openat(it.folder, name, O_WRONLY | O_CREAT, 0644);
        for (key = strtok_r(copy, " ", &rest); key; key = strtok_r(NULL, " ", &rest))
            dprintf(fd, "%s 7 %s %s\n", sha256, etag, key);
        dprintf(fd, "%s", tail);
        close(fd);
    }
    free(copy);
}

/* Which of the keys that are asked for are found, with their ETags, and how many were passed over: "a:old b:new 1". */
static void expect_found(const char *asked, const char *wanted)
{
    auto_strbuf struct strbuf is = { 0 };
    char *copy = strdup(asked), *rest, *key;
    struct state_reader reader;
    uint64_t gone = 0;

    state_open(&reader, it.folder);
    for (key = strtok_r(copy, " ", &rest); key; key = strtok_r(NULL, " ", &rest)) {
        const struct state_line *line = state_find(&reader, key, &gone);

        if (!line)
            continue;
        assert_string_equal(line->is.sha256, sha256);
        assert_int_equal(line->is.size, 7);
        strbuf_addf(&is, "%s:%s ", line->is.key, line->etag);
    }
    strbuf_addf(&is, "%d", (int)gone);
    state_close(&reader);
    free(copy);
    assert_string_equal(strbuf_text(&is), wanted);
}

static void find__in_one_file__counts_what_is_gone(void **state)
{
    static const struct {
        const char *keys, *tail, *asked, *wanted;
    } rows[] = {
        { NULL, "", "a b", "0" },
        { "", "", "a b ~", "0" },
        { "a b c", "", "a b c ~", "a:old b:old c:old 0" },
        { "a b c", "", "b ~", "b:old 2" },
        { "a b c", "", "a ~", "a:old 2" },
        { "a b c", "", "a", "a:old 0" }, /* what lies behind is not told before it is asked for */
        { "b d", "", "a c e ~", "2" },
        { "a a-x a/b", "", "a a/b", "a:old a/b:old 1" },
        { "a b", "e3b0c44298fc1c14", "a b c ~", "a:old b:old 0" }, /* the last line is torn */
        { "a b", "no line\n", "a b c ~", "a:old b:old 0" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        has("state", "old", rows[i].keys, rows[i].tail);
        expect_found(rows[i].asked, rows[i].wanted);
    }
}

static void find__in_both_files__takes_the_newer(void **state)
{
    (void)state;
    has("state", "old", "a b d", "");
    has("state.partial", "new", "b c", "");
    expect_found("a b c d ~", "a:old b:new c:new d:old 0");
    expect_found("a ~", "a:old 2"); /* only what the complete one had is gone */
}

/* A file that a killed sync left, or that a disk made of it: bytes that end no line. */
static void find__nul_bytes__ends_there(void **state)
{
    int fd;

    (void)state;
    has("state", "old", "a", "");
    fd = openat(it.folder, "state", O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "\0\0\0\n", 4), 4);
    close(fd);
    expect_found("a b ~", "a:old 0");
}

static void recover__joins_what_two_killed_syncs_left(void **state)
{
    static const struct {
        const char *fresh, *partial, *wanted; /* state.new, state.partial; what is found of a to e */
    } rows[] = {
        { NULL, NULL, "0" },
        { NULL, "a b", "a:partial b:partial 0" },
        { "a b", NULL, "a:new b:new 0" },
        { "a b", "a b c d", "a:new b:new c:partial d:partial 0" },
        { "a b c d", "a b", "a:new b:new c:new d:new 0" },
        { "b", "a c", "b:new c:partial 0" }, /* the new one came past a: it is gone */
        { "", "a", "a:partial 0" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        has("state.new", "new", rows[i].fresh, "torn");
        has("state.partial", "partial", rows[i].partial, "");
        assert_int_equal(state_recover(it.folder, &it.failure), 0);
        expect_found("a b c d e ~", rows[i].wanted);
        assert_int_not_equal(faccessat(it.folder, "state.new", F_OK, 0), 0);
    }
}

static void commit__is_all_that_is_known(void **state)
{
    struct state_line line = { .is = { .size = 7, .key = "b c" } };
    FILE *file;

    (void)state;
    has("state", "old", "a z", "");
    has("state.partial", "partial", "a", "");
    memcpy(line.is.sha256, sha256, sizeof(sha256));
    file = state_create(it.folder, &it.failure);
    assert_non_null(file);
    assert_int_equal(state_write(file, &line, &it.failure), 0); /* without an ETag, and with a space in its key */
    assert_int_equal(state_commit(it.folder, file, &it.failure), 0);
    expect_found("a b z ~", "1");
    assert_int_not_equal(faccessat(it.folder, "state.partial", F_OK, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(find__in_one_file__counts_what_is_gone, start, finish),
        cmocka_unit_test_setup_teardown(find__in_both_files__takes_the_newer, start, finish),
        cmocka_unit_test_setup_teardown(find__nul_bytes__ends_there, start, finish),
        cmocka_unit_test_setup_teardown(recover__joins_what_two_killed_syncs_left, start, finish),
        cmocka_unit_test_setup_teardown(commit__is_all_that_is_known, start, finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
