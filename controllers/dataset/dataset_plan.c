#include "../../operator/base/digest.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "dataset.h"
#include "source.h"

/* Of all that decides what a sync finds: the agent's command line says just that. */
static const char *hash_of(const struct dataset_spec *spec, struct arena *arena)
{
    json_auto_t *args = dataset_sync_args(spec, arena);
    auto_free char *text = jb_dump(args, true);
    char digest[DIGEST_SHORT];

    digest_short(slice_of(text), digest);
    return arena_strdup(arena, digest);
}

static void read_catalog(struct set *set)
{
    const struct dataset_status *status = set->status;

    set->catalog = (struct catalog){ .arena = set->arena,
                                     .next = status->has_next_version ? (int)status->next_version : 1,
                                     .latest = status->latest };
    for (size_t i = 0; i < status->versions_count; i++) {
        const struct dataset_status_versions *version = &status->versions[i];

        catalog_put(&set->catalog,
                    (struct version){ .name = version->name,
                                      .digest = version->digest,
                                      .objects = version->objects,
                                      .bytes = version->bytes,
                                      .created_at = version->created_at,
                                      .removing = version->removing });
    }
}

static void set_init(struct set *set, const struct observed *in)
{
    *set = (struct set){ .in = in, .spec = in->spec, .status = in->status, .arena = in->arena };
    read_catalog(set);
    find_users(set);
    set->sync = RECORD(set->status->sync);
    set->removal = RECORD(set->status->removal);
    set->spec_hash = hash_of(set->spec, set->arena);
    if (set->sync.run)
        run_observe(in, set->sync.run, &set->run);
    if (set->removal.run)
        run_observe(in, set->removal.run, &set->removal_run);
}

/* Refused, never ignored: else somebody would count on it. */
static const char *refused_field(const struct dataset_spec *spec)
{
    return spec->deletion_policy == DATASET_SPEC_DELETION_POLICY_DELETE
               ? "spec.deletionPolicy: Delete is not implemented in this version of Kitae: remove it, and delete the "
                 "claim yourself when the DataSet is gone"
               : NULL;
}

static void dataset_plan(const struct observed *in, struct plan *out)
{
    struct set set;

    set_init(&set, in);
    if (in->self->deleted_at) {
        say_goodbye(&set, out);
        return;
    }
    plan_guard(out, set.user_count ? GUARD_ON : GUARD_OFF);
    set.refused = refused_field(set.spec);
    if (set.refused) {
        say_dataset_status(&set, out);
        return;
    }
    end_sync(&set);
    begin_sync(&set, out);
    decide_removal(&set, out);
    say_dataset_status(&set, out);
    want_sync(&set, out);
    want_removal(&set, out);
}

static const enum kind owns[] = { KIND_JOB, KIND_CRON_JOB, KIND_COUNT };
static const enum kind names[] = { KIND_COUNT };
static const enum kind regards[] = { KIND_POD, KIND_JOB, KIND_TRAINING_JOB, KIND_COUNT };
static const char *const lazy_status[] = { "message", "usedBy", NULL };

const struct controller dataset_controller = {
    .kind = KIND_DATA_SET,
    .owns = owns,
    .names = names,
    .regards = regards,
    .document = &dataset_document_type,
    .spec = &dataset_spec_type,
    .status = &dataset_status_type,
    .lazy_status = lazy_status,
    .plan = dataset_plan,
};
