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

void find_users(struct set *set)
{
    struct objects referrers = set->in->referrers;

    set->users = arena_alloc(set->arena, referrers.count * sizeof(*set->users));
    for (size_t i = 0; i < referrers.count; i++) {
        struct user user = { referrers.items[i], pinned_by(set, referrers.items[i]) };

        if (user.digest)
            set->users[set->user_count++] = user;
    }
}

bool version_is_used(const struct set *set, const struct version *version)
{
    for (size_t i = 0; i < set->spec->tags_count; i++)
        if (strcmp(set->spec->tags[i].version, version->name) == 0)
            return true;
    for (int i = 0; i < set->user_count; i++)
        if (strcmp(set->users[i].digest, version->digest) == 0)
            return true;
    return false;
}

const char *user_text(const struct set *set, int i)
{
    const struct object *object = set->users[i].object;

    return arena_printf(set->arena, "%s/%s", kind_info(object->kind)->kind, object->name);
}
