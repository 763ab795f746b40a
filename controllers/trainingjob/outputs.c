#include <string.h>

#include "../agent/agent_job.h"
#include "../claim.h"
#include "../model/model.h"
#include "../model/store.h"
#include "job.h"
#include "volumes.h"

enum { RETRY_SECONDS = 300 };

static const char role_of_jobs[] = "publish";
static const char volume[] = "output";
#define PUBLISHED "/output"

/* -- what is the case ---------------------------------------------------------------------------------------------- */

static const struct trainingjob_status_outputs *recorded(const struct job *job, const char *name)
{
    for (size_t i = 0; i < job->status->outputs_count; i++)
        if (strcmp(job->status->outputs[i].name, name) == 0)
            return &job->status->outputs[i];
    return NULL;
}

/* Once it is found, nothing that becomes of the Model matters to the job. */
static void look_it_up(const struct job *job, struct output *output, const struct object *model)
{
    const struct model_status *status = object_part(&model_status_type, model->status, job->arena);

    for (size_t i = 0; status && output->digest && !output->version && i < status->versions_count; i++)
        if (status->versions[i].digest && strcmp(status->versions[i].digest, output->digest) == 0)
            output->version = status->versions[i].name;
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
    const struct object *model = objects_find(job->in->referred, KIND_MODEL, name);

    *output = (struct output){ .spec = spec, .name = name, .record = RECORD(known) };
    if (known) {
        output->digest = known->digest;
        output->version = known->version;
    }
    if (output->record.run)
        run_observe(job->in, output->record.run, &output->run);
    take_result(job, output);
    if (!model)
        return;
    if (!model->deleted_at)
        output->model = object_part(&model_spec_type, model->spec, job->arena);
    look_it_up(job, output, model);
}

void find_outputs(struct job *job)
{
    for (size_t i = 0; i < job->spec->outputs_count && job->output_count < MAX_OUTPUTS; i++)
        find_output(job, &job->spec->outputs[i]);
}

const char *unusable_output(const struct job *job)
{
    for (int i = 0; i < job->output_count; i++)
        if (!job->outputs[i].spec->model_ref)
            return arena_printf(job->arena,
                                "spec.outputs[%d].dataSetRef: an output that becomes a DataSet is not implemented in "
                                "this version of Kitae: write modelRef, or mount a volume in the template",
                                i);
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

        if (output->digest || !output->model || output->record.phase == RECORD_RUNNING)
            continue;
        hash = model_store_hash(output->model, job->arena);
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

/* The identity's index is that of the output. */
static json_t *publish_body(const struct observed *in, const struct identity *identity)
{
    const struct output *output;
    struct s3_place store;
    json_t *pod_spec, *container;
    struct job job;

    job_init(&job, in);
    output = &job.outputs[identity->index];
    if (!output->model)
        BUG("no Model '%s'", output->name);
    store = model_store(output->model);
    pod_spec = agent_pod_spec(output->model->service_account_name);
    container = agent_container(in, role_of_jobs, &store, model_publish_args(output->model, PUBLISHED), pod_spec);
    jb_append(jb_child_array(pod_spec, "volumes"),
              OBJ({ "name", jb_str(volume) },
                  { "persistentVolumeClaim", OBJ({ "claimName", jb_str(claim_name(&job, identity->index)) }) }));
    agent_mount(container, volume, PUBLISHED, folder_of_attempt(&job), true);
    jb_append(jb_child_array(pod_spec, "containers"), container);
    return agent_job(in, pod_spec);
}

/* The Model removes versions, maybe of this very content: the Job waits until it has. */
static bool removes_versions(const struct job *job, const struct output *output)
{
    const struct object *model = objects_find(job->in->referred, KIND_MODEL, output->name);
    const struct model_status *status = object_part(&model_status_type, model->status, job->arena);

    for (size_t i = 0; status && i < status->versions_count; i++)
        if (status->versions[i].removing)
            return true;
    return false;
}

static bool was_begun(const struct job *job, const struct output *output)
{
    const struct trainingjob_status_outputs *known = recorded(job, output->name);

    return known && known->phase == TRAININGJOB_STATUS_OUTPUTS_PHASE_RUNNING && known->number == output->record.number;
}

/* That it begins is written: now either the Model's retention sees it, or this look sees the retention's marks. */
static void want_run(const struct job *job, int i, struct plan *out)
{
    const struct output *output = &job->outputs[i];
    struct identity identity = { role_of_jobs, i, output->record.number };

    if (output->run.state == RUN_ABSENT) {
        if (!was_begun(job, output) || removes_versions(job, output))
            return;
        plan_confirm(out, KIND_MODEL, output->name);
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
        if (job->outputs[i].record.phase == RECORD_RUNNING && job->outputs[i].model)
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

    if (output->digest)
        return arena_printf(job->arena, "waits until Model %s lists what was published", output->name);
    if (!output->model)
        return arena_printf(job->arena, "the output waits for Model %s, which is not there: create it", output->name);
    if (output->record.phase == RECORD_FAILED)
        return arena_printf(job->arena,
                            "%s could not publish to Model %s (%s): %.600s. It is tried again every %d minutes, when "
                            "the Model's store changes, and when the annotation kitae.dev/requested-at does",
                            output->record.run,
                            output->name,
                            output->record.reason,
                            output->record.message ? output->record.message : "nobody says why",
                            RETRY_SECONDS / 60);
    if (output->run.state == RUN_WAITING && *output->run.message)
        return arena_printf(job->arena, "publishing to Model %s: %s", output->name, output->run.message);
    return arena_printf(job->arena,
                        output->record.phase == RECORD_RUNNING && removes_versions(job, output)
                            ? "waits to publish until Model %s has removed old versions"
                            : "publishing to Model %s",
                        output->name);
}

const char *output_failure(const struct job *job)
{
    const struct output *output = job->outcome == OUTCOME_SUCCEEDED ? first_unlisted(job) : NULL;

    if (!output || output->digest || (output->model && output->record.phase != RECORD_FAILED))
        return NULL;
    return output->model ? output->record.reason : is_written(job) ? "ModelMissing" : NULL;
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
                       "%s is %s of Model %s",
                       output->digest,
                       output->version,
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
