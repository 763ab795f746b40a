#include "published.h"

#include <string.h>

#include "user.h"

static bool is_for(const struct trainingjob_status_outputs *output, const struct object *self)
{
    enum kind kind = output->kind == TRAININGJOB_STATUS_OUTPUTS_KIND_DATASET ? KIND_DATA_SET : KIND_MODEL;

    return kind == self->kind && strcmp(output->name, self->name) == 0;
}

static const struct trainingjob_status_outputs *find(const struct trainingjob_status *job, const struct object *self)
{
    for (size_t i = 0; job && i < job->outputs_count; i++)
        if (is_for(&job->outputs[i], self))
            return &job->outputs[i];
    return NULL;
}

/* NULL: nothing, or the job has seen it. */
static const struct trainingjob_status_outputs *published(const struct trainingjob_status *job,
                                                          const struct object *self)
{
    const struct trainingjob_status_outputs *output = find(job, self);

    return output && output->digest ? output : NULL;
}

const char *output_of_user(const struct observed *in, const struct object *referrer, size_t at)
{
    const struct trainingjob_status_outputs *output =
        published(trainingjob_status_of_user(referrer, in->arena), in->self);

    return output && !at ? output->digest : NULL;
}

bool is_being_published(const struct observed *in)
{
    for (size_t i = 0; i < in->referrers.count; i++) {
        const struct trainingjob_status_outputs *output =
            find(trainingjob_status_of_user(in->referrers.items[i], in->arena), in->self);

        if (output && output->phase == TRAININGJOB_STATUS_OUTPUTS_PHASE_RUNNING)
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

static void take(struct versioned *kept,
                 const struct object *job,
                 const struct trainingjob_status *status,
                 const struct trainingjob_status_outputs *output,
                 complete_version *complete)
{
    struct version version = {
        .digest = output->digest,
        .objects = output->objects,
        .bytes = output->bytes,
        .created_at = output->completion_time,
        .maker_kind = kind_info(KIND_TRAINING_JOB)->kind,
        .maker_name = job->name,
        .maker_uid = job->uid,
        .attempt = status->attempt,
        .data = made_from(status, kept->arena),
        .data_count = status->data_count,
    };

    if (complete)
        complete(kept->in, &version);
    if (catalog_add(&kept->catalog, version))
        kept->found_by = "Publish";
    else
        kept->is_full = true;
}

/* The earliest that is not listed; false: all are. */
static bool take_next(struct versioned *kept, complete_version *complete)
{
    const struct trainingjob_status_outputs *first = NULL, *output;
    const struct trainingjob_status *status, *of = NULL;
    const struct object *job = NULL;

    for (size_t i = 0; i < kept->in->referrers.count; i++) {
        status = trainingjob_status_of_user(kept->in->referrers.items[i], kept->arena);
        output = published(status, kept->in->self);
        if (!output || catalog_lists(&kept->catalog, output->digest) ||
            (first && output->completion_time >= first->completion_time))
            continue;
        first = output;
        of = status;
        job = kept->in->referrers.items[i];
    }
    if (first)
        take(kept, job, of, first, complete);
    return first;
}

void take_published(struct versioned *kept, complete_version *complete)
{
    while (kept->removal.phase != RECORD_RUNNING && !kept->is_full && take_next(kept, complete))
        ;
}
