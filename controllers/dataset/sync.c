#include <string.h>

#include "../../operator/base/jb.h"
#include "../agent/agent_job.h"
#include "dataset.h"
#include "source.h"

enum { SCHEDULED_RUNS_KEPT = 1 };

static const char role[] = "sync";

static const char *schedule_name(const struct set *set)
{
    return arena_printf(set->arena, "%s-sync", set->in->self->name);
}

/* -- what came of it ----------------------------------------------------------------------------------------------- */

/* By when it ended, then by name: so each is taken down at most once, whatever ends in the same second. */
static bool ended_later(const struct set *set, const char *name, int64_t finished_at)
{
    if (finished_at != set->kept.work.completion_time)
        return finished_at > set->kept.work.completion_time;
    return !set->kept.work.run || strcmp(name, set->kept.work.run) > 0;
}

/* A run of the schedule that has ended since the last one that was taken down; the earliest. */
static const struct object *next_scheduled(const struct set *set, struct run *ret)
{
    struct objects jobs = set->in->grandchildren[KIND_JOB];
    const struct object *next = NULL;

    for (size_t i = 0; i < jobs.count; i++) {
        struct run run;

        run_observe(set->in, jobs.items[i]->name, &run);
        if (run.state < RUN_SUCCEEDED || !ended_later(set, jobs.items[i]->name, run.finished_at) ||
            (next && run.finished_at >= ret->finished_at))
            continue;
        next = jobs.items[i];
        *ret = run;
    }
    return next;
}

/*
 * A run of the schedule may meet a removal. Which of the two had the volume first nobody can tell: what it says it
 * found may be gone since.
 */
static bool met_removal(const struct set *set, const struct run *run)
{
    const struct record *removal = &set->kept.removal;

    return removal->phase && run->started_at <= removal->completion_time && run->finished_at >= removal->start_time;
}

void end_sync(struct set *set)
{
    struct versioned *kept = &set->kept;
    const struct object *job;
    struct run run = kept->run;

    if (kept->work.phase == RECORD_RUNNING) {
        if (run.state < RUN_SUCCEEDED)
            return;
    } else {
        job = kept->removal.phase == RECORD_RUNNING ? NULL : next_scheduled(set, &run);
        if (!job)
            return;
        kept->work.run = job->name;
        kept->work.start_time = run.started_at;
        if (met_removal(set, &run))
            run.result.digest = NULL;
    }
    set->found = run.result;
    work_end(kept, &run, (struct version){ 0 });
}

/* -- when ---------------------------------------------------------------------------------------------------------- */

static bool is_suspended(const struct set *set)
{
    return set->spec->sync && set->spec->sync->suspend;
}

static bool schedule_runs(const struct set *set)
{
    struct objects jobs = set->in->grandchildren[KIND_JOB];
    struct run run;

    for (size_t i = 0; i < jobs.count; i++) {
        run_observe(set->in, jobs.items[i]->name, &run);
        if (run.state == RUN_WAITING || run.state == RUN_ACTIVE)
            return true;
    }
    return false;
}

void begin_sync(struct set *set, struct plan *out)
{
    if (!set->spec->source || is_suspended(set) || schedule_runs(set) || !work_is_due(&set->kept, set->spec_hash, out))
        return;
    record_begin(&set->kept.work, set->in, role, set->spec_hash);
    run_observe(set->in, set->kept.work.run, &set->kept.run);
}

/* -- bodies -------------------------------------------------------------------------------------------------------- */

static json_t *sync_pod_spec(const struct observed *in)
{
    const struct dataset_spec *spec = in->spec;
    json_t *pod_spec = agent_pod_spec(spec->service_account_name), *container, *selector;
    struct s3_place place = dataset_place(spec);
    json_t *args = dataset_sync_args(spec, in->arena);
    struct error err;

    agent_add_flag(args, "volume", spec->storage ? DATA_PATH : NULL);
    container = agent_container(in, "sync", &place, args, pod_spec);
    if (spec->storage)
        mount_data(in, container, pod_spec);
    if (spec->placement && jb_parse(spec->placement->node_selector, &selector, &err) == 0)
        jb_set(pod_spec, "nodeSelector", selector);
    jb_append(jb_child_array(pod_spec, "containers"), container);
    return pod_spec;
}

static json_t *run_body(const struct observed *in, const struct identity *identity)
{
    (void)identity;
    return agent_job(in, sync_pod_spec(in));
}

/* The Jobs of the schedule are the CronJob's children; the label leads from them to the DataSet. */
static json_t *schedule_body(const struct observed *in, const struct identity *identity)
{
    const struct dataset_spec_sync *sync = ((const struct dataset_spec *)in->spec)->sync;
    json_t *job = agent_job(in, sync_pod_spec(in));

    (void)identity;
    jb_set(job, "metadata", agent_metadata(in));
    return OBJ({ "spec",
                 OBJ({ "schedule", jb_str(sync->schedule) },
                     { "timeZone", sync->time_zone ? jb_str(sync->time_zone) : NULL },
                     { "suspend", jb_bool(sync->suspend) },
                     { "concurrencyPolicy", jb_str("Forbid") },
                     { "successfulJobsHistoryLimit", jb_int(SCHEDULED_RUNS_KEPT) },
                     { "failedJobsHistoryLimit", jb_int(SCHEDULED_RUNS_KEPT) },
                     { "jobTemplate", job }) });
}

json_t *dataset_removal_body(const struct observed *in, const struct identity *identity)
{
    const struct dataset_spec *spec = in->spec;
    const struct dataset_status *status = in->status;
    json_t *pod_spec = agent_pod_spec(spec->service_account_name), *args = ARR(jb_str("remove")), *container;

    (void)identity;
    agent_add_flag(args, "volume", DATA_PATH);
    for (size_t i = 0; i < status->versions_count; i++)
        if (status->versions[i].removing)
            agent_add_flag(args, "digest", status->versions[i].digest);
    container = agent_container(in, "remove", NULL, args, pod_spec);
    mount_data(in, container, pod_spec);
    jb_append(jb_child_array(pod_spec, "containers"), container);
    return agent_job(in, pod_spec);
}

/* -- wants --------------------------------------------------------------------------------------------------------- */

/* Owned by the DataSet the garbage collector takes it away with that; else it stays, and one of that name finds it. */
static void want_claim(const struct set *set, struct plan *out)
{
    const char *name = dataset_claim_name(set->arena, set->in->self->name);

    if (set->spec->deletion_policy == DATASET_SPEC_DELETION_POLICY_DELETE)
        plan_prepare(out, KIND_CLAIM, name, 0, dataset_claim_body);
    else
        plan_prepare_to_keep(out, KIND_CLAIM, name, 0, dataset_claim_body);
}

static void want_run(const struct set *set, struct plan *out)
{
    struct identity identity = { role, 0, set->kept.work.number };

    if (set->spec->storage && set->kept.run.state == RUN_ABSENT)
        want_claim(set, out);
    plan_create(out, KIND_JOB, set->kept.work.run, identity, run_body, false);
}

static void want_schedule(const struct set *set, struct plan *out)
{
    struct objects schedules = set->in->children[KIND_CRON_JOB];

    if (set->spec->sync && set->spec->sync->schedule)
        plan_apply(out, KIND_CRON_JOB, schedule_name(set), schedule_body);
    else
        for (size_t i = 0; i < schedules.count; i++)
            plan_drop(out, schedules.items[i]);
}

void want_sync(const struct set *set, struct plan *out)
{
    drop_runs(&set->kept, role, set->kept.work.number, out);
    if (set->kept.work.phase == RECORD_RUNNING && set->spec->source)
        want_run(set, out);
    want_schedule(set, out);
}
