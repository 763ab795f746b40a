#include <string.h>

#include "../../operator/base/jb.h"
#include "../agent/agent_job.h"
#include "dataset.h"
#include "source.h"

enum { SCHEDULED_RUNS_KEPT = 1, AGAIN_SECONDS = 60 };

static const char role[] = "sync";

static const char *schedule_name(const struct set *set)
{
    return arena_printf(set->arena, "%s-sync", set->in->self->name);
}

/* -- what came of it ----------------------------------------------------------------------------------------------- */

/* By when it ended, then by name: so each is taken down at most once, whatever ends in the same second. */
static bool ended_later(const struct set *set, const char *name, int64_t finished_at)
{
    if (finished_at != set->sync.completion_time)
        return finished_at > set->sync.completion_time;
    return !set->sync.run || strcmp(name, set->sync.run) > 0;
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

static void take_down(struct set *set, const struct run *run)
{
    const struct run_result *result = &run->result;
    struct version found = {
        .digest = result->digest, .objects = result->objects, .bytes = result->bytes, .created_at = run->finished_at
    };
    int before = set->catalog.count;

    record_end(&set->sync, set->in, run);
    set->found = *result;
    if (set->sync.phase != RECORD_SUCCEEDED)
        return;
    if (!result->digest) {
        set->sync.phase = RECORD_FAILED;
        set->sync.reason = "ResultLost";
        set->sync.message = "The Job has succeeded, but its pod, which said what it found, is gone";
        return;
    }
    set->is_full = !catalog_add(&set->catalog, found);
    set->found_version = set->catalog.count > before;
}

void end_sync(struct set *set)
{
    const struct object *job;
    struct run run;

    if (set->sync.phase == RECORD_RUNNING) {
        if (set->run.state >= RUN_SUCCEEDED)
            take_down(set, &set->run);
        return;
    }
    job = next_scheduled(set, &run);
    if (!job)
        return;
    set->sync.run = job->name;
    set->sync.start_time = run.started_at;
    take_down(set, &run);
}

/* -- when ---------------------------------------------------------------------------------------------------------- */

static bool is_suspended(const struct set *set)
{
    return set->spec->sync && set->spec->sync->suspend;
}

static bool is_asked_for(const struct set *set)
{
    const char *served = set->sync.requested_at ? set->sync.requested_at : "";

    return strcmp(set->in->self->requested_at, served) != 0;
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

/* Nobody heard what the run had found: once more, but not as fast as it goes. */
static bool lost_its_result(const struct set *set, struct plan *out)
{
    int64_t at = set->sync.completion_time + AGAIN_SECONDS;

    if (!set->sync.reason || strcmp(set->sync.reason, "ResultLost") != 0)
        return false;
    if (set->in->now < at)
        plan_look_again(out, at);
    return set->in->now >= at;
}

void begin_sync(struct set *set, struct plan *out)
{
    bool changed = !set->sync.spec_hash || strcmp(set->sync.spec_hash, set->spec_hash) != 0;

    if (is_suspended(set) || set->sync.phase == RECORD_RUNNING || set->removal.phase == RECORD_RUNNING ||
        schedule_runs(set))
        return;
    if (changed || is_asked_for(set) || lost_its_result(set, out)) {
        record_begin(&set->sync, set->in, role, set->spec_hash);
        run_observe(set->in, set->sync.run, &set->run);
    }
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

/* -- wants --------------------------------------------------------------------------------------------------------- */

static void want_run(const struct set *set, struct plan *out)
{
    struct identity identity = { role, 0, set->sync.number };

    if (set->spec->storage && set->run.state == RUN_ABSENT)
        plan_prepare_to_keep(out, KIND_CLAIM, dataset_claim_name(set->arena, set->in->self->name), dataset_claim_body);
    plan_create(out, KIND_JOB, set->sync.run, identity, run_body, false);
}

void drop_runs(const struct set *set, const char *of, int before, struct plan *out)
{
    struct objects jobs = set->in->children[KIND_JOB];

    for (size_t i = 0; i < jobs.count; i++)
        if (strcmp(jobs.items[i]->role, of) == 0 && jobs.items[i]->attempt < before)
            plan_drop(out, jobs.items[i]);
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
    drop_runs(set, role, set->sync.number, out);
    if (set->sync.phase == RECORD_RUNNING)
        want_run(set, out);
    want_schedule(set, out);
}
