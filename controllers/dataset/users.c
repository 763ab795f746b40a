#include <string.h>

#include "../trainingjob/trainingjob_fields.h"
#include "dataset.h"

/* Its status; NULL when it needs no data any more, or cannot be read. */
static const struct trainingjob_status *status_of_user(const struct set *set, const struct object *job)
{
    const struct trainingjob_status *status;

    if (job->kind != KIND_TRAINING_JOB)
        return NULL;
    status = object_part(&trainingjob_status_type, job->status, set->arena);
    if (!status || status->phase == TRAININGJOB_STATUS_PHASE_SUCCEEDED ||
        status->phase == TRAININGJOB_STATUS_PHASE_FAILED)
        return NULL;
    return status;
}

/* The digest that it has pinned; NULL: none. */
static const char *pinned_by(const struct set *set, const struct object *job)
{
    const struct trainingjob_status *status = status_of_user(set, job);

    for (size_t i = 0; status && i < status->data_count; i++)
        if (strcmp(status->data[i].name, set->in->self->name) == 0)
            return status->data[i].digest;
    return NULL;
}

bool version_is_used(const struct set *set, const struct version *version)
{
    struct objects referrers = set->in->referrers;

    for (size_t i = 0; i < set->spec->tags_count; i++)
        if (strcmp(set->spec->tags[i].version, version->name) == 0)
            return true;
    for (size_t i = 0; i < referrers.count; i++) {
        const char *digest = pinned_by(set, referrers.items[i]);

        if (digest && strcmp(digest, version->digest) == 0)
            return true;
    }
    return false;
}

int count_users(const struct set *set, const char **ret_first, int most)
{
    struct objects referrers = set->in->referrers;
    int count = 0;

    for (size_t i = 0; i < referrers.count; i++) {
        const struct object *user = referrers.items[i];

        if (!pinned_by(set, user))
            continue;
        if (count++ < most)
            *ret_first++ = arena_printf(set->arena, "%s/%s", kind_info(user->kind)->kind, user->name);
    }
    return count;
}
