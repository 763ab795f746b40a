#pragma once
/*
 * How a command ended, for whoever started it: one JSON object in a file, at most 1000 bytes, since what reads a
 * termination message keeps 1 KiB of it; and for people a sentence on standard error.
 */

#include <stdint.h>

#include "reason.h"
#include "sha256.h"

enum { RESULT_KEYS = 3 }; /* that a failure names */

struct result {
    char digest[SHA256_HEX];
    uint64_t objects, bytes, fetched, fetched_bytes, added, removed, changed, skipped_markers;
    char uri[1200]; /* of what was published; "" for none */
    int64_t started_at;
};

/*
 * Writes it; path NULL: /dev/termination-log where there is one, else nowhere. failure NULL: it went well. Returns the
 * exit code: 0, 1 when a person must mend something, 2 for a wrong command line, 75 when trying again may help.
 */
int result_write(const struct result *result, const struct failure *failure, const char *path);
