#pragma once
/*
 * How a command ended, for whoever started it: one JSON object in a file, at most 1000 bytes, since what reads a
 * termination message keeps 1 KiB of it; and for people a sentence on standard error.
 */

#include <stdint.h>

#include "../operator/cli/options.h"
#include "reason.h"
#include "sha256.h"

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

/* The row of an option table that says where it goes. */
#define RESULT_OPTION                                                                                                  \
    {                                                                                                                  \
        "result", 0, OPTION_TEXT, "FILE", "where the result goes (default: /dev/termination-log, if there is one)"     \
    }

/* What a command does, once its options are parsed. -1 on failure. */
typedef int command_body(struct result *result, struct failure *failure);

/* A whole command: parses, runs the body, writes the result. Returns the exit code. */
int command_run(struct option *options, int argc, char **argv, const char *usage, command_body *body);
