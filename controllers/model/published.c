#include <string.h>

#include "../trainingjob/user.h"
#include "model.h"
#include "store.h"

/* What the job has published into the Model, while it waits to see it listed; NULL: nothing, or it has seen it. */
static const struct trainingjob_status_outputs *published(const struct trainingjob_status *job, const char *model)
{
    for (size_t i = 0; i < job->outputs_count; i++)
        if (strcmp(job->outputs[i].name, model) == 0 && job->outputs[i].digest)
            return &job->outputs[i];
    return NULL;
}

const char *output_of_user(const struct observed *in, const struct object *referrer)
{
    const struct trainingjob_status *status = trainingjob_status_of_user(referrer, in->arena);
    const struct trainingjob_status_outputs *output = status ? published(status, in->self->name) : NULL;

    return output ? output->digest : NULL;
}

bool is_being_published(const struct observed *in)
{
    for (size_t i = 0; i < in->referrers.count; i++) {
        const struct trainingjob_status *job = trainingjob_status_of_user(in->referrers.items[i], in->arena);

        for (size_t j = 0; job && j < job->outputs_count; j++)
            if (strcmp(job->outputs[j].name, in->self->name) == 0 &&
                job->outputs[j].phase == TRAININGJOB_STATUS_OUTPUTS_PHASE_RUNNING)
                return true;
    }
    return false;
}

static const struct ingredient *made_from(const struct trainingjob_status *job, struct arena *arena)
{
    struct ingredient *data = arena_alloc(arena, job->data_count * sizeof(*data));

    for (size_t i = 0; i < job->data_count; i++)
        data[i] = (struct ingredient){ job->data[i].name, job->data[i].version, job->data[i].digest };
    return data;
}

static void take(struct model *model,
                 const struct object *job,
                 const struct trainingjob_status *status,
                 const struct trainingjob_status_outputs *output)
{
    struct versioned *kept = &model->kept;
    struct version version = {
        .digest = output->digest,
        .objects = output->objects,
        .bytes = output->bytes,
        .created_at = output->completion_time,
        .uri = model_uri(model->spec, output->digest, kept->arena),
        .maker_kind = kind_info(KIND_TRAINING_JOB)->kind,
        .maker_name = job->name,
        .maker_uid = job->uid,
        .attempt = status->attempt,
        .data = made_from(status, kept->arena),
        .data_count = status->data_count,
    };

    if (catalog_add(&kept->catalog, version))
        kept->found_by = "Publish";
    else
        kept->is_full = true;
}

/* The earliest that is not listed; false: all are. */
static bool take_next(struct model *model)
{
    struct versioned *kept = &model->kept;
    const struct trainingjob_status_outputs *first = NULL, *output;
    const struct trainingjob_status *status, *of = NULL;
    const struct object *job = NULL;

    for (int i = 0; i < kept->user_count; i++) {
        status = trainingjob_status_of_user(kept->users[i].object, kept->arena);
        output = published(status, model->in->self->name);
        if (catalog_lists(&kept->catalog, output->digest) ||
            (first && output->completion_time >= first->completion_time))
            continue;
        first = output;
        of = status;
        job = kept->users[i].object;
    }
    if (first)
        take(model, job, of, first);
    return first;
}

void take_published(struct model *model)
{
    while (model->kept.removal.phase != RECORD_RUNNING && !model->kept.is_full && take_next(model))
        ;
}
