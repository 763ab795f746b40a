#include "../../operator/base/jb.h"
#include "job.h"
#include "volumes.h"

static const char volume[] = "kitae-checkpoint";

/* With the job's uid, so that a claim of this name is this job's: it is made and never looked at. */
static const char *claim_name(const struct job *job)
{
    const struct trainingjob_spec_checkpoint *checkpoint = job->spec->checkpoint;

    return checkpoint->claim_name ? checkpoint->claim_name
                                  : arena_printf(job->arena, "%s-checkpoint-%.8s", job->name, job->in->self->uid);
}

const char *checkpoint_path(const struct job *job)
{
    return job->spec->checkpoint->mount_path ? job->spec->checkpoint->mount_path : "/checkpoints";
}

static json_t *access_modes(const struct trainingjob_spec_checkpoint_storage *storage)
{
    json_t *modes = json_array();

    for (size_t i = 0; i < storage->access_modes_count; i++)
        jb_append(modes, jb_str(storage->access_modes[i]));
    if (!storage->access_modes_count)
        jb_append(modes, jb_str("ReadWriteMany"));
    return modes;
}

/* Goes with the job, whose child it is; a claim of the user's stays. */
static json_t *claim_body(const struct observed *in, const struct identity *identity)
{
    const struct trainingjob_spec *spec = in->spec;
    const struct trainingjob_spec_checkpoint_storage *storage = spec->checkpoint->storage;
    const char *class = storage->storage_class_name;
    json_t *size;
    struct error err;

    (void)identity;
    if (jb_parse(storage->size, &size, &err) < 0)
        BUG("a size that was accepted: %s", err.message);
    return OBJ({ "spec",
                 OBJ({ "accessModes", access_modes(storage) },
                     { "storageClassName", class ? jb_str(class) : NULL },
                     { "resources", OBJ({ "requests", OBJ({ "storage", size }) }) }) });
}

void want_checkpoint_claim(const struct job *job, struct plan *out)
{
    if (job->spec->checkpoint && job->spec->checkpoint->storage && is_before_first_pod(job))
        plan_prepare(out, KIND_CLAIM, claim_name(job), claim_body);
}

void add_checkpoint(const struct job *job, json_t *pod_spec)
{
    const struct trainingjob_spec_checkpoint *checkpoint = job->spec->checkpoint;

    if (!checkpoint)
        return;
    add_volume(pod_spec,
               volume,
               "persistentVolumeClaim",
               OBJ({ "claimName", jb_str(claim_name(job)) }),
               checkpoint_path(job),
               false);
    if (checkpoint->has_grace_seconds && !jb_get(pod_spec, "terminationGracePeriodSeconds"))
        jb_set(pod_spec, "terminationGracePeriodSeconds", jb_int(checkpoint->grace_seconds));
}
