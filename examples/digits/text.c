#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void text_add(struct text *text, const char *format, ...)
{
    size_t left = sizeof(text->bytes) - text->size;
    va_list arguments;
    int added;

    va_start(arguments, format);
    added = vsnprintf(text->bytes + text->size, left, format, arguments);
    va_end(arguments);
    if (added < 0 || (size_t)added >= left)
        abort(); /* TEXT_MAX is too small */
    text->size += (size_t)added;
}
