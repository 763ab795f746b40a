#include <ctype.h>
#include <string.h>

#include "job.h"

enum {
    SIGNAL_BASE = 128,
    LINE_KEPT = 300, /* bytes of the last line, from its start: status.lastFailure.logTail has all of it */
};

const char *pods_text(const struct job *job, int count)
{
    return arena_printf(job->arena, count == 1 ? "%d pod" : "%d pods", count);
}

const char *success_text(const struct job *job)
{
    return job->world == 1 ? "The worker succeeded" : arena_printf(job->arena, "All %d workers succeeded", job->world);
}

/* The last line with something on it; progress bars end theirs with a carriage return. */
static struct slice last_line(const char *text)
{
    size_t end = strlen(text), start;

    while (end && isspace((unsigned char)text[end - 1]))
        end--;
    for (start = end; start && !strchr("\r\n", text[start - 1]);)
        start--;
    if (end - start > LINE_KEPT)
        end = start + LINE_KEPT;
    while (end > start && ((unsigned char)text[end] & 0xc0) == 0x80) /* not within a character of UTF-8 */
        end--;
    return (struct slice){ text + start, end - start };
}

/* What happened to a pod, by reason, in words that go before its node's name. */
static const char *what_happened(const char *reason)
{
    static const char *const table[][2] = {
        { "OOMKilled", "ran out of memory on" },
        { "Evicted", "was evicted from" },
        { "Disrupted", "was drained or preempted, or lost with its node," },
        { "PodDeleted", "was deleted while it was on" },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i][0], reason) == 0)
            return table[i][1];
    return "failed on";
}

/* " (OOMKilled, exit code 137)", " (exit code 139, signal 11)"; reasons that say nothing are left out. */
static const char *details(const struct job *job)
{
    const struct blame *blame = &job->blame;
    bool generic = strcmp(blame->reason, "Error") == 0 || strcmp(blame->reason, "PodFailed") == 0;
    const char *code = "", *signal = "", *reason = generic ? "" : blame->reason;

    if (blame->ended && blame->exit_code)
        code = arena_printf(job->arena, "exit code %d", blame->exit_code);
    if (generic && blame->exit_code > SIGNAL_BASE && blame->exit_code < SIGNAL_BASE + 65)
        signal = arena_printf(job->arena, ", signal %d", blame->exit_code - SIGNAL_BASE);
    if (!*reason && !*code)
        return "";
    return arena_printf(job->arena, " (%s%s%s%s)", reason, *reason && *code ? ", " : "", code, signal);
}

const char *failure_text(const struct job *job)
{
    const struct blame *blame = &job->blame;
    struct slice words = last_line(blame->log_tail);

    if (strcmp(blame->reason, "PodLost") == 0)
        return arena_printf(job->arena,
                            "%s-%d is lost: its pod was removed from the cluster before its outcome could be recorded",
                            blame->role,
                            blame->index);
    return arena_printf(job->arena,
                        "%s-%d %s %s%s%s%s%.*s",
                        blame->role,
                        blame->index,
                        what_happened(blame->reason),
                        *blame->node ? "node " : "no node",
                        blame->node,
                        details(job),
                        words.length ? ": " : "",
                        (int)words.length,
                        words.data);
}

const char *condition_reason(const struct job *job, const char *reason)
{
    char *text = arena_strdup(job->arena, reason);

    if (!isalpha((unsigned char)*text))
        return "PodFailed";
    for (char *c = text; *c; c++) /* a kubelet says OutOfnvidia.com/gpu */
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return text;
}
