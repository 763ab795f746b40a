#include "../agent/words.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "../../operator/base/text.h"
#include "job.h"

enum {
    SIGNAL_BASE = 128,
    LINE_KEPT = 300, /* bytes of the last line, from its start: status.lastFailure.logTail has all of it */
};

const char *pods_text(const struct job *job, int count)
{
    return count_text(job->arena, count, "pod");
}

/* "worker-2": the first pod whose success decides, where one is enough. */
static const char *deciding_pod(const struct job *job)
{
    for (int i = 0; i < job->role_count; i++) {
        const struct role *role = &job->roles[i];

        for (int index = 0; role->decides && index < role->replicas; index++)
            if (place_has_succeeded(&role->places[index]))
                return arena_printf(job->arena, "%s-%d", role->name, index);
    }
    return "a pod"; /* it has been removed since, and so has its record */
}

/* "worker-0", "chief-0 and ps-0", "worker, ps and evaluator" */
static const char *deciding_names(const struct job *job, const char *suffix)
{
    const char *text = "";
    int left = 0;

    for (int i = 0; i < job->role_count; i++)
        left += job->roles[i].decides;
    for (int i = 0; i < job->role_count; i++) {
        if (!job->roles[i].decides)
            continue;
        left--;
        text = arena_printf(job->arena,
                            "%s%s%s%s",
                            text,
                            !*text ? ""
                            : left ? ", "
                                   : " and ",
                            job->roles[i].name,
                            suffix);
    }
    return text;
}

const char *success_text(const struct job *job)
{
    switch (job->require) {
    case TRAININGJOB_SPEC_SUCCESS_POLICY_REQUIRE_ANY:
        return arena_printf(job->arena, "%s succeeded, and one is enough", deciding_pod(job));
    case TRAININGJOB_SPEC_SUCCESS_POLICY_REQUIRE_FIRST:
        return arena_printf(job->arena, "%s succeeded", deciding_names(job, "-0"));
    case TRAININGJOB_SPEC_SUCCESS_POLICY_REQUIRE_ALL:
        break;
    }
    if (job->spec->success_policy && job->spec->success_policy->roles_count)
        return arena_printf(job->arena, "All pods of %s succeeded", deciding_names(job, ""));
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
        end = start + text_cut(text + start, LINE_KEPT);
    return (struct slice){ text + start, end - start };
}

/* "failed on node n1", by the reason that was found. */
static const char *what_happened(const struct job *job, const struct blame *blame)
{
    static const struct {
        const char *reason, *there, *nowhere;
    } table[] = {
        { "OOMKilled", "ran out of memory on", "ran out of memory" },
        { "Evicted", "was evicted from", "was evicted" },
        { "Disrupted", "was drained from, preempted on or lost with", "was disrupted" },
        { "NodeLost", "does not stop on", "does not stop" },
        { "PodDeleted", "was deleted while on", "was deleted" },
        { NULL, "failed on", "failed" },
    };
    const char *node = blame->node;
    size_t i = 0;

    while (table[i].reason && strcmp(table[i].reason, blame->reason) != 0)
        i++;
    return *node ? arena_printf(job->arena, "%s node %s", table[i].there, node) : table[i].nowhere;
}

/* " (OOMKilled, exit code 137)", " (exit code 139, signal 11)"; reasons that say nothing are left out. */
static const char *details(const struct job *job, const struct blame *blame)
{
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

const char *failure_text(const struct job *job, const struct blame *blame)
{
    struct slice words = last_line(blame->log_tail);

    if (strcmp(blame->reason, "DeadlineExceeded") == 0)
        return arena_printf(job->arena,
                            "It ran longer than activeDeadlineSeconds allows (%" PRId64 " s)",
                            job->spec->active_deadline_seconds);
    if (strcmp(blame->reason, "PodLost") == 0)
        return arena_printf(job->arena,
                            "%s-%d is lost: its pod was removed from the cluster before its outcome could be recorded",
                            blame->role,
                            blame->index);
    return arena_printf(job->arena,
                        "%s-%d %s%s%s%.*s",
                        blame->role,
                        blame->index,
                        what_happened(job, blame),
                        details(job, blame),
                        words.length ? ": " : "",
                        (int)words.length,
                        words.data);
}

const char *hanging_text(const struct job *job)
{
    struct objects pods = job->in->children[KIND_POD];
    const struct trainingjob_spec_failure_policy *policy = job->spec->failure_policy;

    for (size_t i = 0; i < pods.count; i++)
        if (job->in->now >= pod_hangs_at(pods.items[i]))
            return arena_printf(job->arena,
                                "; %s hangs on node %s, which does not answer: bring the node back or delete it%s",
                                pods.items[i]->name,
                                pods.items[i]->pod.node,
                                policy && policy->has_node_lost_force_delete_seconds
                                    ? "; the pod is deleted by force in the end"
                                    : ", or set failurePolicy.nodeLostForceDeleteSeconds");
    return "";
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
