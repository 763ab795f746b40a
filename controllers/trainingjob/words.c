#include <ctype.h>
#include <string.h>

#include "job.h"

enum { SIGNAL_BASE = 128 };

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
    return (struct slice){ text + start, end - start };
}

static const char *what_happened(const char *reason)
{
    static const char *const table[][2] = {
        { "OOMKilled", "ran out of memory" },
        { "Evicted", "was evicted" },
        { "Disrupted", "was drained, preempted or evicted" },
        { "PodDeleted", "was deleted while it ran" },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i][0], reason) == 0)
            return table[i][1];
    return "failed";
}

/* " with exit code 139, which is signal 11 (Reason)"; what says nothing is left out. */
static const char *how_it_ended(const struct job *job)
{
    const struct blame *blame = &job->blame;
    bool generic = strcmp(blame->reason, "Error") == 0;
    const char *code = "", *signal = "";

    if (blame->ended && blame->exit_code)
        code = arena_printf(job->arena, " with exit code %d", blame->exit_code);
    if (generic && blame->exit_code > SIGNAL_BASE && blame->exit_code < SIGNAL_BASE + 65)
        signal = arena_printf(job->arena, ", which is signal %d", blame->exit_code - SIGNAL_BASE);
    if (generic && *code)
        return arena_printf(job->arena, "%s%s", code, signal);
    return arena_printf(job->arena, "%s (%s)", code, blame->reason);
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
                        "%s-%d %s%s%s%s%s%.*s",
                        blame->role,
                        blame->index,
                        what_happened(blame->reason),
                        *blame->node ? " on node " : "",
                        blame->node,
                        how_it_ended(job),
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
