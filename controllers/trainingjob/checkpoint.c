#include "../../operator/base/jb.h"
#include "../claim.h"
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

/* Goes with the job, whose child it is; a claim of the user's stays. */
static json_t *claim_body(const struct observed *in, const struct identity *identity)
{
    const struct trainingjob_spec *spec = in->spec;
    const struct trainingjob_spec_checkpoint_storage *storage = spec->checkpoint->storage;

    (void)identity;
    return OBJ(
        { "spec",
          claim_spec(storage->size, storage->storage_class_name, storage->access_modes, storage->access_modes_count) });
}

void want_checkpoint_claim(const struct job *job, struct plan *out)
{
    if (job->spec->checkpoint && job->spec->checkpoint->storage && is_before_first_pod(job))
        plan_prepare(out, KIND_CLAIM, claim_name(job), 0, claim_body);
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
               NULL,
               false);
    if (checkpoint->has_grace_seconds && !jb_get(pod_spec, "terminationGracePeriodSeconds"))
        jb_set(pod_spec, "terminationGracePeriodSeconds", jb_int(checkpoint->grace_seconds));
}
