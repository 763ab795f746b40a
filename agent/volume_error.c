#include "volume_error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int volume_failure(struct failure *failure, int error, const char *format, ...)
{
    char what[300];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    if (error == ENOSPC || error == EDQUOT)
        return failure_set(
            failure, REASON_DISK_FULL, "%s: the volume is full: give it more space, or select less", what);
    if (error == EROFS || error == EACCES || error == EPERM)
        return failure_set(failure,
                           REASON_READ_ONLY_VOLUME,
                           "%s: %s: let the volume be mounted for writing, by the group of the agent",
                           what,
                           strerror(error));
    return failure_set(failure, REASON_SERVER_ERROR, "%s: %s", what, strerror(error));
}
