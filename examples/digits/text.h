#pragma once
/* Text that is put together in a buffer of fixed size. Everything written here has a known maximum, so it fits. */

#include <stddef.h>

#include "error.h"

enum { TEXT_MAX = 8192 };

struct text {
    size_t size;
    char bytes[TEXT_MAX];
};

void text_add(struct text *text, const char *format, ...) printf_like(2, 3);
