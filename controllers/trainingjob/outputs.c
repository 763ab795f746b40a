#include <string.h>

#include "../agent/agent_job.h"
#include "../agent/transfer.h"
#include "../claim.h"
#include "../dataset/dataset.h"
#include "../model/model.h"
#include "../model/store.h"
#include "job.h"
#include "volumes.h"

enum { RETRY_SECONDS = 300 };

static const char role_of_jobs[] = "publish";
static const char volume[] = "output";
#define PUBLISHED "/output"
static const char volume_hash[] = "volume"; /* there is but one */

/* -- what is the case ---------------------------------------------------------------------------------------------- */

static const struct trainingjob_status_outputs *recorded(const struct job *job, const char *name)
{
    for (size_t i = 0; i < job->status->outputs_count; i++)
        if (strcmp(job->status->outputs[i].name, name) == 0)
            return &job->status->outputs[i];
    return NULL;
}

/* Versions as either kind has them in its status. */
struct listing {
    const char *name, *digest;
    bool removing;
};

#define LISTINGS(status, in_arena, ret_count)                                                                          \
    ({                                                                                                                 \
        size_t listed_ = (status) ? (status)->versions_count : 0;                                                      \
        struct listing *list_ = arena_alloc(in_arena, listed_ * sizeof(*list_));                                       \
        for (size_t i_ = 0; i_ < listed_; i_++)                                                                        \
            list_[i_] = (struct listing){ (status)->versions[i_].name,                                                 \
                                          (status)->versions[i_].digest,                                               \
                                          (status)->versions[i_].removing };                                           \
        *(ret_count) = listed_;                                                                                        \
        list_;                                                                                                         \
    })

static const struct listing *listings(const struct job *job, const struct object *target, size_t *ret_count)
{
    const struct dataset_status *set;
    const struct model_status *model;

    if (target->kind == KIND_DATA_SET) {
        set = object_part(&dataset_status_type, target->status, job->arena);
        return LISTINGS(set, job->arena, ret_count);
    }
    model = object_part(&model_status_type, target->status, job->arena);
    return LISTINGS(model, job->arena, ret_count);
}

static bool has_target(const struct output *output)
{
    return output->model || output->set;
}

static const char *kind_of(const struct output *output)
{
    return kind_info(output->kind)->kind;
}

/* Once it is found, nothing that becomes of the Model or DataSet matters to the job. */
static void look_it_up(const struct job *job, struct output *output, const struct object *target)
{
    size_t count;
    const struct listing *list = listings(job, target, &count);

    for (size_t i = 0; output->digest && !output->version && i < count; i++)
        if (list[i].digest && strcmp(list[i].digest, output->digest) == 0)
            output->version = list[i].name;
}

static void take_result(const struct job *job, struct output *output)
{
    if (output->record.phase != RECORD_RUNNING || output->run.state < RUN_SUCCEEDED)
        return;
    record_end(&output->record, job->in, &output->run);
    if (output->record.phase == RECORD_SUCCEEDED && output->run.result.digest)
        output->digest = output->run.result.digest;
    else if (output->record.phase == RECORD_SUCCEEDED)
        record_fail(
            &output->record, REASON_RESULT_LOST, "its Job has succeeded, but the pod that told the digest is gone");
    output->failed = !output->digest;
}

static void find_output(struct job *job, const struct trainingjob_spec_outputs *spec)
{
    struct output *output = &job->outputs[job->output_count++];
    const char *name = spec->model_ref ? spec->model_ref->name : spec->data_set_ref->name;
    const struct trainingjob_status_outputs *known = recorded(job, name);
    enum kind kind = spec->model_ref ? KIND_MODEL : KIND_DATA_SET;
    const struct object *target = objects_find(job->in->referred, kind, name);

    *output = (struct output){ .spec = spec, .kind = kind, .name = name, .record = RECORD(known) };
    if (known) {
        output->digest = known->digest;
        output->version = known->version;
    }
    if (output->record.run)
        run_observe(job->in, output->record.run, &output->run);
    take_result(job, output);
    if (!target)
        return;
    if (kind == KIND_DATA_SET) /* also one that is being deleted: that may wait for this very job, which reads it */
        output->set = object_part(&dataset_spec_type, target->spec, job->arena);
    else if (!target->deleted_at)
        output->model = object_part(&model_spec_type, target->spec, job->arena);
    look_it_up(job, output, target);
}

void find_outputs(struct job *job)
{
    for (size_t i = 0; i < job->spec->outputs_count && job->output_count < MAX_OUTPUTS; i++)
        find_output(job, &job->spec->outputs[i]);
}

const char *unusable_output(const struct job *job)
{
    for (int i = 0; i < job->output_count; i++)
        if (job->outputs[i].set && !job->outputs[i].set->storage)
            return arena_printf(
                job->arena,
                "spec.outputs[%d]: DataSet %s has no storage, so there is no volume to publish to: make "
                "a DataSet with storage",
                i,
                job->outputs[i].name);
    return NULL;
}

bool outputs_are_listed(const struct job *job)
{
    for (int i = 0; i < job->output_count; i++)
        if (!job->outputs[i].version)
            return false;
    return true;
}

/* -- publishing ---------------------------------------------------------------------------------------------------- */

/* The pods have written what they will write. */
static bool is_written(const struct job *job)
{
    return job->outcome == OUTCOME_SUCCEEDED && (keeps_running_pods(job) || !pods_left(job));
}

bool is_publishing(const struct job *job)
{
    return is_written(job) && !outputs_are_listed(job);
}

/* After a failure: when the store is another one, when somebody asks, and from time to time. */
static bool is_due(const struct job *job, const struct output *output, const char *hash, struct plan *out)
{
    const struct record *record = &output->record;
    const char *served = record->requested_at ? record->requested_at : "";
    int64_t at = record->completion_time + RETRY_SECONDS;

    if (record->phase != RECORD_FAILED || strcmp(record->spec_hash, hash) != 0 ||
        strcmp(job->in->self->requested_at, served) != 0 || job->in->now >= at)
        return true;
    plan_look_again(out, at);
    return false;
}

void begin_outputs(struct job *job, struct plan *out)
{
    for (int i = 0; i < job->output_count && is_written(job); i++) {
        struct output *output = &job->outputs[i];
        const char *hash;

        if (output->digest || !has_target(output) || output->record.phase == RECORD_RUNNING)
            continue;
        hash = output->model ? model_store_hash(output->model, job->arena) : volume_hash;
        if (!is_due(job, output, hash, out))
            continue;
        record_begin(&output->record, job->in, arena_printf(job->arena, "%s-%d", role_of_jobs, i), hash);
        run_observe(job->in, output->record.run, &output->run);
        output->failed = false;
    }
}

/* With the job's uid, so that a claim of this name is this job's: it is made and never looked at. */
static const char *claim_name(const struct job *job, int i)
{
    return arena_printf(job->arena, "%s-output-%d-%.8s", job->name, i, job->in->self->uid);
}

/* Each attempt begins with an empty folder: what a failed one left is never published. */
static const char *folder_of_attempt(const struct job *job)
{
    return arena_printf(job->arena, "attempt-%d", job->attempt);
}

static void add_claim(json_t *pod_spec,
                      json_t *container,
                      const char *name,
                      const char *claim,
                      const char *path,
                      const char *sub_path,
                      bool read_only)
{
    jb_append(jb_child_array(pod_spec, "volumes"),
              OBJ({ "name", jb_str(name) }, { "persistentVolumeClaim", OBJ({ "claimName", jb_str(claim) }) }));
    agent_mount(container, name, path, sub_path, read_only);
}

static json_t *publish_to_store(const struct observed *in, const struct model_spec *model)
{
    struct s3_place store = model_store(model);
    json_t *pod_spec = agent_pod_spec(model->service_account_name);
    json_t *container = agent_container(in, role_of_jobs, &store, model_publish_args(model, PUBLISHED), pod_spec);

    jb_append(jb_child_array(pod_spec, "containers"), container);
    return pod_spec;
}

static json_t *publish_to_volume(const struct observed *in, const struct output *output)
{
    json_t *pod_spec = agent_pod_spec(output->set->service_account_name), *args = ARR(jb_str("publish")), *container;

    agent_add_flag(args, "from", PUBLISHED);
    agent_add_flag(args, "volume", DATA_PATH);
    container = agent_container(in, role_of_jobs, NULL, args, pod_spec);
    add_claim(pod_spec, container, "data", dataset_claim_name(in->arena, output->name), DATA_PATH, NULL, false);
    add_placement(output->set, pod_spec);
    jb_append(jb_child_array(pod_spec, "containers"), container);
    return pod_spec;
}

/* The identity's index is that of the output. */
static json_t *publish_body(const struct observed *in, const struct identity *identity)
{
    const struct output *output;
    json_t *pod_spec, *container;
    struct job job;

    job_init(&job, in);
    output = &job.outputs[identity->index];
    if (!has_target(output))
        BUG("no %s '%s'", kind_of(output), output->name);
    pod_spec = output->model ? publish_to_store(in, output->model) : publish_to_volume(in, output);
    container = json_array_get(json_object_get(pod_spec, "containers"), 0);
    add_claim(pod_spec, container, volume, claim_name(&job, identity->index), PUBLISHED, folder_of_attempt(&job), true);
    return agent_job(in, pod_spec);
}

/* Of the DataSet: whoever comes first makes it. */
static json_t *data_claim_body(const struct observed *in, const struct identity *identity)
{
    const struct output *output;
    struct job job;

    job_init(&job, in);
    output = &job.outputs[identity->index];
    return dataset_claim(output->set, output->name);
}

/* It removes versions, maybe of this very content: the Job waits until it has. */
static bool removes_versions(const struct job *job, const struct output *output)
{
    const struct object *target = objects_find(job->in->referred, output->kind, output->name);
    size_t count;
    const struct listing *list = listings(job, target, &count);

    for (size_t i = 0; i < count; i++)
        if (list[i].removing)
            return true;
    return false;
}

static bool was_begun(const struct job *job, const struct output *output)
{
    const struct trainingjob_status_outputs *known = recorded(job, output->name);

    return known && known->phase == TRAININGJOB_STATUS_OUTPUTS_PHASE_RUNNING && known->number == output->record.number;
}

/* That it begins is written: now either the target's retention sees it, or this look sees the retention's marks. */
static void want_run(const struct job *job, int i, struct plan *out)
{
    const struct output *output = &job->outputs[i];
    struct identity identity = { role_of_jobs, i, output->record.number };

    if (output->run.state == RUN_ABSENT) {
        if (!was_begun(job, output) || removes_versions(job, output))
            return;
        plan_confirm(out, output->kind, output->name);
        if (output->set)
            plan_prepare_to_keep(out, KIND_CLAIM, dataset_claim_name(job->arena, output->name), i, data_claim_body);
    }
    plan_create(out, KIND_JOB, output->record.run, identity, publish_body, false);
}

static void drop_old_runs(const struct job *job, int i, struct plan *out)
{
    struct objects jobs = job->in->children[KIND_JOB];

    for (size_t j = 0; j < jobs.count; j++)
        if (jobs.items[j]->index == i && jobs.items[j]->attempt < job->outputs[i].record.number)
            plan_drop(out, jobs.items[j]);
}

void want_outputs(const struct job *job, struct plan *out)
{
    for (int i = 0; i < job->output_count; i++) {
        drop_old_runs(job, i, out);
        if (job->outputs[i].record.phase == RECORD_RUNNING && has_target(&job->outputs[i]))
            want_run(job, i, out);
    }
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

static json_t *claim_body(const struct observed *in, const struct identity *identity)
{
    const struct trainingjob_spec *spec = in->spec;
    const struct trainingjob_spec_outputs_storage *storage = spec->outputs[identity->index].storage;

    return OBJ(
        { "spec",
          claim_spec(storage->size, storage->storage_class_name, storage->access_modes, storage->access_modes_count) });
}

void want_output_claims(const struct job *job, struct plan *out)
{
    for (int i = 0; i < job->output_count && is_before_first_pod(job); i++)
        plan_prepare(out, KIND_CLAIM, claim_name(job, i), i, claim_body);
}

const struct output *next_output_of(const struct job *job, const struct role *role, int index, int *at)
{
    while (*at < job->output_count) {
        const struct output *output = &job->outputs[(*at)++];

        if (strcmp(output->spec->from->role, role->name) == 0 && output->spec->from->index == index)
            return output;
    }
    return NULL;
}

void add_outputs(const struct job *job, const struct role *role, int index, json_t *pod_spec)
{
    const struct output *output;
    int at = 0;

    while ((output = next_output_of(job, role, index, &at)))
        add_volume(pod_spec,
                   arena_printf(job->arena, "kitae-output-%d", at - 1),
                   "persistentVolumeClaim",
                   OBJ({ "claimName", jb_str(claim_name(job, at - 1)) }),
                   output->spec->mount_path,
                   folder_of_attempt(job),
                   false);
}

/* -- what is said -------------------------------------------------------------------------------------------------- */

static json_t *output_status(const struct job *job, const struct output *output)
{
    json_t *status = record_status(&output->record, job->arena);

    if (!status)
        status = json_object();
    jb_set(status, "name", jb_str(output->name));
    jb_set(status, "kind", output->kind == KIND_DATA_SET ? jb_str(kind_of(output)) : NULL);
    if (output->digest) {
        jb_set(status, "digest", jb_str(output->digest));
        jb_set(status, "version", output->version ? jb_str(output->version) : NULL);
    }
    return status;
}

json_t *outputs_status(const struct job *job)
{
    json_t *outputs = job->output_count && job->outcome == OUTCOME_SUCCEEDED ? json_array() : NULL;

    for (int i = 0; outputs && i < job->output_count; i++)
        jb_append(outputs, output_status(job, &job->outputs[i]));
    return outputs;
}

static const struct output *first_unlisted(const struct job *job)
{
    for (int i = 0; i < job->output_count; i++)
        if (!job->outputs[i].version)
            return &job->outputs[i];
    return NULL;
}

const char *publishing_text(const struct job *job)
{
    const struct output *output = first_unlisted(job);
    struct transfer transfer = { 0 };

    if (output->digest)
        return arena_printf(job->arena, "waits until %s %s lists what was published", kind_of(output), output->name);
    if (!has_target(output))
        return arena_printf(
            job->arena, "the output waits for %s %s, which is not there: create it", kind_of(output), output->name);
    if (output->record.phase == RECORD_FAILED)
        return arena_printf(job->arena,
                            "%s could not publish to %s %s (%s): %.600s. It is tried again every %d minutes%s",
                            output->record.run,
                            kind_of(output),
                            output->name,
                            output->record.reason,
                            output->record.message ? output->record.message : "nobody says why",
                            RETRY_SECONDS / 60,
                            output->model ? ", when the Model's store changes, and when the annotation "
                                            "kitae.dev/requested-at does"
                                          : ", and when the annotation kitae.dev/requested-at changes");
    if (output->run.state == RUN_WAITING && *output->run.message)
        return arena_printf(job->arena, "publishing to %s %s: %s", kind_of(output), output->name, output->run.message);
    if (output->record.phase == RECORD_RUNNING && output->run.state == RUN_ABSENT && removes_versions(job, output))
        return arena_printf(
            job->arena, "waits to publish until %s %s has removed old versions", kind_of(output), output->name);
    transfer = transfer_observe(job->in, &output->run, transfer);
    return arena_printf(job->arena,
                        "publishing to %s %s%s%s",
                        kind_of(output),
                        output->name,
                        transfer.known ? ": " : "",
                        transfer.known ? transfer_text(&transfer, job->arena) : "");
}

const char *output_failure(const struct job *job)
{
    const struct output *output = job->outcome == OUTCOME_SUCCEEDED ? first_unlisted(job) : NULL;

    if (!output || output->digest || (has_target(output) && output->record.phase != RECORD_FAILED))
        return NULL;
    if (has_target(output))
        return output->record.reason;
    return !is_written(job) ? NULL : output->kind == KIND_MODEL ? "ModelMissing" : "DataSetMissing";
}

void say_output_events(const struct job *job, struct plan *out)
{
    for (int i = 0; i < job->output_count; i++) {
        const struct output *output = &job->outputs[i];
        const struct trainingjob_status_outputs *known = recorded(job, output->name);

        if (output->version && (!known || !known->version))
            plan_event(out,
                       false,
                       "Published",
                       "Publish",
                       "%s is %s of %s %s",
                       output->digest,
                       output->version,
                       kind_of(output),
                       output->name);
        if (output->failed)
            plan_event(out,
                       true,
                       output->record.reason,
                       "Publish",
                       "%s: %.700s",
                       output->record.run,
                       output->record.message ? output->record.message : "nobody says why");
    }
}
