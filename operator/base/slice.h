#pragma once
/* A borrowed run of bytes, not ended by NUL. `data` NULL means "not there". */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *data;
    size_t length;
};

static inline struct slice slice_of(const char *text)
{
    return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline bool slice_is(struct slice slice, const char *text)
{
    return slice.length == strlen(text) && (!slice.length || memcmp(slice.data, text, slice.length) == 0);
}
