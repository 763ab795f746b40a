#pragma once
/* What every unit test starts with: cmocka and the headers that it wants before it. */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define RUN_TESTS(tests) cmocka_run_group_tests((tests), NULL, NULL)

/* Asserts that text starts with, or contains, a part; both are shown when it does not. */
#define assert_contains(text, part)                                                                                    \
    do {                                                                                                               \
        if (!strstr((text), (part)))                                                                                   \
            fail_msg("'%s' is not in '%s'", (part), (text));                                                           \
    } while (0)
