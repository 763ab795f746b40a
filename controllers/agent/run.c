#include "run.h"

#include <string.h>

#include "../../operator/base/fields.h"
#include "../../operator/base/memory.h"

/* -- what the agent and the Job controller say ----------------------------------------------------------------------
 */

#define TEXT(member, key)                                                                                              \
    {                                                                                                                  \
        key, FIELD_STRING, offsetof(struct run_result, member)                                                         \
    }
#define NUMBER(member, key)                                                                                            \
    {                                                                                                                  \
        key, FIELD_INT, offsetof(struct run_result, member), offsetof(struct run_result, has_##member)                 \
    }

static const struct field result_fields[] = {
    TEXT(digest, "digest"),     NUMBER(objects, "objects"),
    NUMBER(bytes, "bytes"),     NUMBER(fetched_bytes, "fetchedBytes"),
    NUMBER(removed, "removed"), NUMBER(changed, "changed"),
    TEXT(reason, "reason"),     TEXT(message, "message"),
};
static const struct fields result_type = {
    result_fields, ARRAY_SIZE(result_fields), sizeof(struct run_result), .open = true
};

struct condition {
    const char *type, *status, *reason, *message;
    int64_t since;
};

struct job_status {
    const struct condition *conditions;
    size_t condition_count;
    int64_t started_at, completed_at;
};

static const struct field condition_fields[] = {
    { "type", FIELD_STRING, offsetof(struct condition, type) },
    { "status", FIELD_STRING, offsetof(struct condition, status) },
    { "reason", FIELD_STRING, offsetof(struct condition, reason) },
    { "message", FIELD_STRING, offsetof(struct condition, message) },
    { "lastTransitionTime", FIELD_TIME, offsetof(struct condition, since) },
};
static const struct fields condition_type = {
    condition_fields, ARRAY_SIZE(condition_fields), sizeof(struct condition), .open = true
};

static const struct field job_status_fields[] = {
    { "conditions",
      FIELD_LIST,
      offsetof(struct job_status, conditions),
      offsetof(struct job_status, condition_count),
      &condition_type },
    { "startTime", FIELD_TIME, offsetof(struct job_status, started_at) },
    { "completionTime", FIELD_TIME, offsetof(struct job_status, completed_at) },
};
static const struct fields job_status_type = {
    job_status_fields, ARRAY_SIZE(job_status_fields), sizeof(struct job_status), .open = true
};

static const struct condition *find_true(const struct job_status *status, const char *type)
{
    for (size_t i = 0; i < status->condition_count; i++) {
        const struct condition *at = &status->conditions[i];

        if (at->type && at->status && strcmp(at->type, type) == 0 && strcmp(at->status, "True") == 0)
            return at;
    }
    return NULL;
}

/* -- its pods ------------------------------------------------------------------------------------------------------ */

static const struct object *last_pod(const struct observed *in, const char *job)
{
    struct objects pods = in->grandchildren[KIND_POD];
    const struct object *last = NULL;

    for (size_t i = 0; i < pods.count; i++) {
        const struct object *pod = pods.items[i];

        if (strcmp(pod->owner_name, job) != 0)
            continue;
        if (!last || pod->created_at > last->created_at)
            last = pod;
    }
    return last;
}

/* What is no result, because a container died otherwise, is shown as it is. */
static void read_result(const struct observed *in, const struct object *pod, struct run *run)
{
    const struct run_result *result;

    if (!pod || !pod->pod.ended)
        return;
    result = *pod->pod.end_message ? object_part(&result_type, slice_of(pod->pod.end_message), in->arena) : NULL;
    if (result)
        run->result = *result;
    if (run->result.message)
        run->message = run->result.message;
    else if (pod->pod.exit_code)
        run->message = arena_printf(in->arena,
                                    "%s: the agent ended with exit code %d (%s)%s%.200s",
                                    pod->name,
                                    pod->pod.exit_code,
                                    *pod->pod.end_reason ? pod->pod.end_reason : "Error",
                                    *pod->pod.end_message ? ": " : "",
                                    pod->pod.end_message);
}

static void read_waiting(const struct observed *in, const struct object *pod, struct run *run)
{
    if (pod && pod->pod.phase == POD_RUNNING) {
        run->state = RUN_ACTIVE;
        return;
    }
    run->state = RUN_WAITING;
    if (pod && *pod->pod.wait_reason)
        run->message = arena_printf(in->arena,
                                    "%s waits: %s%s%s",
                                    pod->name,
                                    pod->pod.wait_reason,
                                    *pod->pod.wait_message ? ": " : "",
                                    pod->pod.wait_message);
}

/* -- the Job ------------------------------------------------------------------------------------------------------- */

static void read_job(const struct observed *in, struct run *run)
{
    const struct job_status *status = object_part(&job_status_type, run->job->status, in->arena);
    const struct object *pod = last_pod(in, run->job->name);
    const struct condition *failed, *complete;

    run->pod = pod;
    if (!status)
        status = arena_new(in->arena, struct job_status);
    failed = find_true(status, "Failed");
    complete = find_true(status, "Complete");
    run->started_at = status->started_at;
    if (!failed && !complete) {
        read_waiting(in, pod, run);
        return;
    }
    run->state = failed ? RUN_FAILED : RUN_SUCCEEDED;
    run->finished_at = complete && status->completed_at ? status->completed_at
                       : failed                         ? failed->since
                                                        : complete->since;
    read_result(in, pod, run);
    if (failed && !*run->message && failed->message)
        run->message = arena_printf(in->arena, "%s: %.300s", run->job->name, failed->message);
}

void run_observe(const struct observed *in, const char *name, struct run *ret)
{
    *ret = (struct run){ .message = "" };
    ret->job = objects_find(in->children[KIND_JOB], KIND_JOB, name);
    if (!ret->job)
        ret->job = objects_find(in->grandchildren[KIND_JOB], KIND_JOB, name);
    if (ret->job && !ret->job->deleted_at)
        read_job(in, ret);
}
