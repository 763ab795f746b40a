#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *err, int exit_code, const char *format, ...)
{
    va_list arguments;

    err->exit_code = exit_code;
    va_start(arguments, format);
    vsnprintf(err->message, sizeof(err->message), format, arguments);
    va_end(arguments);
    return -1;
}
