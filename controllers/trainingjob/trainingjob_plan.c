#include "mpi.h"
#include "trainingjob.h"

static void trainingjob_plan(const struct observed *in, struct plan *out)
{
    struct job job;
    bool accepted;

    job_init(&job, in);
    release_pods(&job, out);
    if (in->self->deleted_at || job.finished) {
        out->keep_status = true;
        if (job.finished && !in->self->deleted_at)
            clean_up(&job, out);
        return;
    }
    accepted = accept_job(&job, out);
    begin_outputs(&job, out);
    say_status(&job, out, accepted);
    if (accepted)
        say_overrides(&job, out);
    say_changes(&job, out);
    watch_deadline(&job, out);
    want_outputs(&job, out);
    if (job.outcome != OUTCOME_OPEN)
        clean_up(&job, out);
    else
        drop_old_pods(&job, out);
    if (job.outcome == OUTCOME_OPEN && accepted && !job.rests && !job.waits_for_data && data_is_pinned(&job)) {
        confirm_data(&job, out);
        want_service(&job, out);
        want_mpi_secret(&job, out);
        want_checkpoint_claim(&job, out);
        want_output_claims(&job, out);
        want_pods(&job, out);
    }
    if (job.lost_pod)
        plan_confirm(out, KIND_POD, job.lost_pod);
}

static const enum kind owns[] = { KIND_POD, KIND_SERVICE, KIND_JOB, KIND_COUNT };
static const enum kind names[] = { KIND_DATA_SET, KIND_MODEL, KIND_COUNT };
static const enum kind regards[] = { KIND_POD, KIND_COUNT };
static const char *const lazy_status[] = { "message", "podsReady", "roles", NULL };

const struct controller trainingjob_controller = {
    .kind = KIND_TRAINING_JOB,
    .owns = owns,
    .names = names,
    .regards = regards,
    .document = &trainingjob_document_type,
    .spec = &trainingjob_spec_type,
    .status = &trainingjob_status_type,
    .lazy_status = lazy_status,
    .plan = trainingjob_plan,
};
