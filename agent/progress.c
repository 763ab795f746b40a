#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "report.h"
#include "s3/transfer.h"

enum { TERMINAL_MS = 200, LOG_MS = 10000 };

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tell(const struct progress *progress, const char *end)
{
    int64_t ms = now_ms() - progress->started_ms + 1;
    uint64_t rate = progress->bytes * 1000 / (uint64_t)ms;

    if (progress->is_terminal)
        fprintf(stderr,
                "\r%s: %" PRIu64 " objects, %.1f MB, %.1f MB/s%s",
                progress->what,
                progress->objects,
                (double)progress->bytes / 1e6,
                (double)rate / 1e6,
                end);
    else
        fprintf(stderr,
                "{\"progress\":\"%s\",\"objects\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"bytesPerSecond\":%" PRIu64 "}\n",
                progress->what,
                progress->objects,
                progress->bytes,
                rate);
}

static uint64_t moved(const struct progress *progress)
{
    struct s3_counters counters;

    if (!progress->s3)
        return progress->bytes;
    counters = s3_counters(progress->s3);
    return counters.bytes_received + counters.bytes_sent;
}

void progress_start(struct progress *progress, const char *what, const struct s3 *s3)
{
    int64_t now = now_ms();

    *progress =
        (struct progress){ .what = what, .is_terminal = isatty(STDERR_FILENO), .s3 = s3, .report = report_create(now) };
    progress->started_ms = progress->told_ms = progress->reported_ms = now;
    progress->reported_bytes = moved(progress);
}

void progress_total(struct progress *progress, uint64_t objects, uint64_t bytes)
{
    progress->total_objects = objects;
    progress->total_bytes = bytes;
}

void progress_add(struct progress *progress, uint64_t bytes)
{
    int64_t now = now_ms();

    progress->objects++;
    progress->bytes += bytes;
    if (now - progress->told_ms < (progress->is_terminal ? TERMINAL_MS : LOG_MS))
        return;
    progress->told_ms = now;
    tell(progress, "");
}

bool progress_is_due(struct progress *progress)
{
    return progress->report && report_step(progress->report, now_ms());
}

void progress_report(struct progress *progress, uint64_t bytes)
{
    uint64_t by_now = moved(progress);
    int64_t now = now_ms();

    report_send(progress->report,
                &(struct report_numbers){ .what = progress->what,
                                          .objects = progress->objects,
                                          .bytes = progress->bytes + bytes,
                                          .total_objects = progress->total_objects,
                                          .total_bytes = progress->total_bytes,
                                          .bytes_per_second = (by_now - progress->reported_bytes) * 1000 /
                                                              (uint64_t)(now - progress->reported_ms + 1) });
    progress->reported_ms = now;
    progress->reported_bytes = by_now;
}

void progress_drop(struct progress *progress)
{
    report_destroy(progress->report);
    progress->report = NULL;
}

void progress_end(struct progress *progress)
{
    if (progress->what)
        tell(progress, "\n");
}
