#pragma once
/* How far a command is, on standard error: a line that is rewritten on a terminal, else a line of JSON now and then. */

#include <stdint.h>

struct progress {
    const char *what;
    int64_t started_ms, told_ms;
    uint64_t objects, bytes;
    int is_terminal;
};

void progress_start(struct progress *progress, const char *what); /* borrowed */
void progress_add(struct progress *progress, uint64_t bytes);     /* one object more */
void progress_end(struct progress *progress);
