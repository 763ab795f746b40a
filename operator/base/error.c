#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Messages carry texts of others into logs and conditions: their line breaks and control characters become spaces. */
static void keep_one_line(char *message)
{
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
}

int error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
    va_list args;

    err->kind = kind;
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    keep_one_line(err->message);
    return -1;
}

int error_wrap(struct error *err, const char *format, ...)
{
    char inner[sizeof(err->message)];
    va_list args;
    size_t used;

    memcpy(inner, err->message, sizeof(inner));
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    used = strlen(err->message);
    snprintf(err->message + used, sizeof(err->message) - used, ": %s", inner);
    keep_one_line(err->message);
    return -1;
}

void bug(const char *file, int line, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "BUG at %s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}
