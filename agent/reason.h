#pragma once
/* Why the agent failed, in the words of its contract: a reason for programs, one sentence for people. */

#include <stdbool.h>

#include "../operator/base/error.h"

enum reason {
    REASON_NONE,
    REASON_EMPTY_SELECTION,
    REASON_ACCESS_DENIED,
    REASON_BAD_CREDENTIALS,
    REASON_NO_SUCH_BUCKET,
    REASON_WRONG_REGION,
    REASON_INVALID_KEY,
    REASON_DRIFTED, /* an object is no longer what was listed */
    REASON_CHECKSUM_MISMATCH,
    REASON_TRUNCATED,
    REASON_DISK_FULL,
    REASON_READ_ONLY_VOLUME,
    REASON_UNREACHABLE,
    REASON_SLOW_DOWN,
    REASON_INTERRUPTED,
    REASON_NO_SUCH_VERSION,
    REASON_INVALID_OPTIONS,
    REASON_SERVER_ERROR,
    REASON_NO_SUCH_KEY,    /* a GET found nothing: its caller knows what that means */
    REASON_ALREADY_EXISTS, /* a conditional PUT was late: likewise */
    REASONS,
};

struct failure {
    enum reason reason;
    char message[512]; /* what, where, why, what to do; one line of UTF-8 */
};

const char *reason_name(enum reason reason); /* "AccessDenied"; "" for REASON_NONE */

/* Whether trying again, with nothing changed by anybody, may help: exit code 75 rather than 1. */
bool reason_is_transient(enum reason reason);

/* Fills failure and returns -1; control characters become spaces. */
int failure_set(struct failure *failure, enum reason reason, const char *format, ...) printf_like(3, 4);

/* The same from an error of base: its message behind the reason. Returns -1. */
int failure_from(struct failure *failure, enum reason reason, const struct error *err);
