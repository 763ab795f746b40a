#pragma once
/* Small questions about strings that may be NULL. */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "memory.h"

/* NULL is the same as NULL alone, not as "". */
static inline bool text_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The caller's; NULL of NULL. */
static inline char *text_copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

/* The largest length up to `most` that splits no UTF-8 sequence; text[most] must be readable. */
static inline size_t text_cut(const char *text, size_t most)
{
    while (most && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}
