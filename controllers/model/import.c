#include <string.h>

#include "../../operator/base/digest.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "model.h"
#include "store.h"

static const char role[] = "import";
static const char scratch_volume[] = "import";
#define SCRATCH "/import"

static struct s3_place source_of(const struct model_spec *spec)
{
    return S3_PLACE(spec->source->s3);
}

static json_t *fetch_args(const struct model_spec *spec)
{
    struct s3_place place = source_of(spec);
    json_t *args = ARR(jb_str("fetch"));

    agent_add_place(args, "source", &place);
    agent_add_flag(args, "to", SCRATCH);
    return args;
}

/* Of all that decides what an import finds: the agent's command line says just that. */
static const char *hash_of(const struct model_spec *spec, struct arena *arena)
{
    json_auto_t *args = fetch_args(spec);
    auto_free char *text = jb_dump(args, true);
    char digest[DIGEST_SHORT];

    digest_short(slice_of(text), digest);
    return arena_strdup(arena, digest);
}

static const char *source_uri(const struct model *model)
{
    const struct model_spec_source_s3 *s3 = model->spec->source->s3;

    return arena_printf(model->kept.arena, "s3://%s/%s", s3->bucket, s3->prefix ? s3->prefix : "");
}

/* -- when ---------------------------------------------------------------------------------------------------------- */

void end_import(struct model *model)
{
    struct versioned *kept = &model->kept;
    struct version like = { .maker_kind = "Import" };

    if (kept->work.phase != RECORD_RUNNING || kept->run.state < RUN_SUCCEEDED)
        return;
    if (model->spec->source)
        like.maker_name = source_uri(model);
    if (kept->run.result.digest)
        like.uri = model_uri(model->spec, kept->run.result.digest, kept->arena);
    work_end(kept, &kept->run, like);
}

void begin_import(struct model *model, struct plan *out)
{
    struct versioned *kept = &model->kept;
    const char *hash;

    if (!model->spec->source)
        return;
    hash = hash_of(model->spec, kept->arena);
    if (!work_is_due(kept, hash, out))
        return;
    record_begin(&kept->work, model->in, role, hash);
    run_observe(model->in, kept->work.run, &kept->run);
}

/* -- bodies -------------------------------------------------------------------------------------------------------- */

/* Source and store have credentials of their own, so each has its container. */
static json_t *import_body(const struct observed *in, const struct identity *identity)
{
    const struct model_spec *spec = in->spec;
    struct s3_place source = source_of(spec), store = model_store(spec);
    json_t *pod_spec = agent_pod_spec(spec->service_account_name), *fetch, *publish;

    (void)identity;
    fetch = agent_container(in, "fetch", &source, fetch_args(spec), pod_spec);
    publish = agent_container(in, "publish", &store, model_publish_args(spec, SCRATCH), pod_spec);
    jb_append(jb_child_array(pod_spec, "volumes"),
              OBJ({ "name", jb_str(scratch_volume) }, { "emptyDir", json_object() }));
    agent_mount(fetch, scratch_volume, SCRATCH, NULL, false);
    agent_mount(publish, scratch_volume, SCRATCH, NULL, true);
    jb_append(jb_child_array(pod_spec, "initContainers"), fetch);
    jb_append(jb_child_array(pod_spec, "containers"), publish);
    return agent_job(in, pod_spec);
}

json_t *model_removal_body(const struct observed *in, const struct identity *identity)
{
    const struct model_spec *spec = in->spec;
    const struct model_status *status = in->status;
    struct s3_place store = model_store(spec);
    json_t *pod_spec = agent_pod_spec(spec->service_account_name), *args = ARR(jb_str("remove"));

    (void)identity;
    agent_add_place(args, "store", &store);
    for (size_t i = 0; i < status->versions_count; i++)
        if (status->versions[i].removing)
            agent_add_flag(args, "digest", status->versions[i].digest);
    jb_append(jb_child_array(pod_spec, "containers"), agent_container(in, "remove", &store, args, pod_spec));
    return agent_job(in, pod_spec);
}

void want_import(const struct model *model, struct plan *out)
{
    const struct record *work = &model->kept.work;
    struct identity identity = { role, 0, work->number };

    drop_runs(&model->kept, role, work->number, out);
    if (work->phase == RECORD_RUNNING && model->spec->source)
        plan_create(out, KIND_JOB, work->run, identity, import_body, false);
}
