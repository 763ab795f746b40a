#pragma once
/*
 * How far a command is: on standard error, a line that is rewritten on a terminal, else a line of JSON now and then;
 * and to the operator, where the environment names one (report.h).
 */

#include <stdbool.h>
#include <stdint.h>

struct report;
struct s3;

struct progress {
    const char *what;
    int64_t started_ms, told_ms;
    uint64_t objects, bytes;
    uint64_t total_objects, total_bytes; /* 0: not known yet */
    int is_terminal;
    const struct s3 *s3; /* whose bytes over the network make the pace; NULL: those that are done do */
    struct report *report;
    int64_t reported_ms;
    uint64_t reported_bytes; /* over the network, by then */
};

void progress_start(struct progress *progress, const char *what, const struct s3 *s3); /* borrowed */
void progress_total(struct progress *progress, uint64_t objects, uint64_t bytes);
void progress_add(struct progress *progress, uint64_t bytes); /* one object more */

/* Asked again and again, also while one object takes long; then, bytes: of objects that are not done. */
bool progress_is_due(struct progress *progress);
void progress_report(struct progress *progress, uint64_t bytes);
void progress_end(struct progress *progress);
void progress_drop(struct progress *progress); /* however it ended; a zeroed one is fine */
