#include "reason.h"

#include <stdarg.h>
#include <stdio.h>

const char *reason_name(enum reason reason)
{
    static const char *const names[REASONS] = {
        [REASON_NONE] = "",
        [REASON_EMPTY_SELECTION] = "EmptySelection",
        [REASON_ACCESS_DENIED] = "AccessDenied",
        [REASON_BAD_CREDENTIALS] = "BadCredentials",
        [REASON_NO_SUCH_BUCKET] = "NoSuchBucket",
        [REASON_WRONG_REGION] = "WrongRegion",
        [REASON_INVALID_KEY] = "InvalidKey",
        [REASON_DRIFTED] = "Drifted",
        [REASON_CHECKSUM_MISMATCH] = "ChecksumMismatch",
        [REASON_TRUNCATED] = "Truncated",
        [REASON_DISK_FULL] = "DiskFull",
        [REASON_READ_ONLY_VOLUME] = "ReadOnlyVolume",
        [REASON_UNREACHABLE] = "Unreachable",
        [REASON_SLOW_DOWN] = "SlowDown",
        [REASON_INTERRUPTED] = "Interrupted",
        [REASON_NO_SUCH_VERSION] = "NoSuchVersion",
        [REASON_INVALID_OPTIONS] = "InvalidOptions",
        [REASON_SERVER_ERROR] = "ServerError",
        [REASON_NO_SUCH_KEY] = "NoSuchKey",
        [REASON_ALREADY_EXISTS] = "AlreadyExists",
    };

    return names[reason];
}

bool reason_is_transient(enum reason reason)
{
    return reason == REASON_UNREACHABLE || reason == REASON_SLOW_DOWN || reason == REASON_SERVER_ERROR ||
           reason == REASON_INTERRUPTED || reason == REASON_TRUNCATED;
}

static void keep_one_line(char *message)
{
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
}

int failure_set(struct failure *failure, enum reason reason, const char *format, ...)
{
    va_list args;

    failure->reason = reason;
    va_start(args, format);
    vsnprintf(failure->message, sizeof(failure->message), format, args);
    va_end(args);
    keep_one_line(failure->message);
    return -1;
}

int failure_from(struct failure *failure, enum reason reason, const struct error *err)
{
    return failure_set(failure, reason, "%s", err->message);
}
