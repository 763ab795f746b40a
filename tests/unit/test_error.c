#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../operator/base/error.h"
#include "../../operator/base/memory.h"
#include "unit.h"

static void error_set__fills_and_fails(void **state)
{
    struct error err = { 0 };

    (void)state;
    assert_int_equal(error_set(&err, ERROR_INVALID, "replicas %d < %d", -1, 0), -1);
    assert_int_equal(err.kind, ERROR_INVALID);
    assert_string_equal(err.message, "replicas -1 < 0");
}

static void error_set__too_long__is_cut(void **state)
{
    char text[2 * sizeof((struct error){ 0 }.message)];
    struct error err;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    error_set(&err, ERROR_GONE, "%s", text);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
}

static void error_wrap__keeps_kind_and_adds_context(void **state)
{
    struct error err;

    (void)state;
    error_set(&err, ERROR_CONFLICT, "version %d is old", 3);
    assert_int_equal(error_wrap(&err, "pod %s", "a"), -1);
    assert_int_equal(error_wrap(&err, "pass"), -1);
    assert_int_equal(err.kind, ERROR_CONFLICT);
    assert_string_equal(err.message, "pass: pod a: version 3 is old");
}

static void error_wrap__no_room__is_cut(void **state)
{
    char text[sizeof((struct error){ 0 }.message) + 10];
    struct error err;

    (void)state;
    memset(text, 'c', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    error_set(&err, ERROR_DENIED, "inner");
    error_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
    assert_int_equal(err.kind, ERROR_DENIED);
}

/* How a child process ends that runs `body`, its messages thrown away. */
static int end_of(void (*body)(void))
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(3);
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void broken(void)
{
    BUG("broken %s", "invariant");
}

static void too_large(void)
{
    free(xrealloc(NULL, SIZE_MAX / 2));
}

static void bug__aborts(void **state)
{
    (void)state;
    assert_int_equal(end_of(broken), SIGABRT);
}

static void xrealloc__no_memory__ends_the_program(void **state)
{
    (void)state;
    assert_int_not_equal(end_of(too_large), 0); /* ASan has an end of its own for it */
}

static void take__empties_the_variable(void **state)
{
    auto_free char *text = xstrdup("mine"), *taken = NULL;

    (void)state;
    taken = take(text);
    assert_null(text);
    assert_string_equal(taken, "mine");
}

static void grow__doubles(void **state)
{
    auto_free int *items = NULL;
    size_t count = 0, capacity = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        grow(items, count, capacity);
        items[count++] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    assert_true(capacity >= 1000 && capacity < 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_set__fills_and_fails),
        cmocka_unit_test(error_set__too_long__is_cut),
        cmocka_unit_test(error_wrap__keeps_kind_and_adds_context),
        cmocka_unit_test(error_wrap__no_room__is_cut),
        cmocka_unit_test(bug__aborts),
        cmocka_unit_test(xrealloc__no_memory__ends_the_program),
        cmocka_unit_test(take__empties_the_variable),
        cmocka_unit_test(grow__doubles),
    };

    return RUN_TESTS(tests);
}
