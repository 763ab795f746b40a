#include <string.h>

#include "../../operator/base/digest.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../trainingjob/published.h"
#include "../trainingjob/user.h"
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

static struct version read_version(const struct dataset_status_versions *version, struct arena *arena)
{
    const struct dataset_status_versions_produced_by *maker = version->produced_by;
    struct ingredient *data = arena_alloc(arena, version->data_count * sizeof(*data));
    struct version read = { .name = version->name,
                            .digest = version->digest,
                            .objects = version->objects,
                            .bytes = version->bytes,
                            .created_at = version->created_at,
                            .removing = version->removing,
                            .data = data,
                            .data_count = version->data_count };

    for (size_t i = 0; i < version->data_count; i++)
        data[i] = (struct ingredient){ version->data[i].data_set, version->data[i].version, version->data[i].digest };
    if (maker) {
        read.maker_kind = maker->kind;
        read.maker_name = maker->name;
        read.maker_uid = maker->uid;
        read.attempt = maker->attempt;
    }
    return read;
}

static void read_catalog(struct set *set)
{
    const struct dataset_status *status = set->status;
    struct catalog *catalog = &set->kept.catalog;

    *catalog = (struct catalog){ .arena = set->arena,
                                 .next = status->has_next_version ? (int)status->next_version : 1,
                                 .latest = status->latest };
    for (size_t i = 0; i < status->versions_count; i++)
        catalog_put(catalog, read_version(&status->versions[i], set->arena));
}

static void read_rules(struct set *set)
{
    const struct dataset_spec_retention *rules = set->spec->retention;

    set->kept.rules = (struct retention){ .keeps_all = true };
    if (rules)
        set->kept.rules = (struct retention){ .keeps_all = !rules->has_keep_last && !rules->has_keep_daily &&
                                                           !rules->has_keep_weekly && !rules->has_keep_monthly,
                                              .last = (int)rules->keep_last,
                                              .daily = (int)rules->keep_daily,
                                              .weekly = (int)rules->keep_weekly,
                                              .monthly = (int)rules->keep_monthly,
                                              .min_age_seconds = rules->min_age_seconds };
}

/* Of a TrainingJob whose pods run or will. */
static const char *pinned_by(const struct observed *in, const struct object *job, size_t at)
{
    const struct trainingjob_status *status = trainingjob_status_of_reader(job, in->arena);

    for (size_t i = 0; status && i < status->data_count; i++)
        if (strcmp(status->data[i].name, in->self->name) == 0 && !at--)
            return status->data[i].digest;
    return NULL;
}

static const char idle_without_source[] =
    "No version yet: a TrainingJob that names this DataSet in spec.outputs makes the first one when it succeeds";

static const enum kind users[] = { KIND_TRAINING_JOB, KIND_COUNT };

static const struct versioned_words words = {
    .users = users,
    .kind = "DataSet",
    .work = "Sync",
    .working = "Syncing",
    .done = "Synced",
    .idle = "Not synced yet: spec.sync.suspend is set, or the first sync is about to begin",
};

static const struct versioned_words *words_for(const struct dataset_spec *spec, struct arena *arena)
{
    struct versioned_words *other;

    if (spec->source)
        return &words;
    other = arena_new(arena, struct versioned_words);
    *other = words;
    other->done = "Published";
    other->idle = idle_without_source;
    return other;
}

static void set_init(struct set *set, const struct observed *in)
{
    const struct dataset_spec *spec = in->spec;
    const struct dataset_status *status = in->status;

    *set = (struct set){ .in = in, .spec = spec, .status = status, .arena = in->arena };
    set->kept = (struct versioned){ .in = in,
                                    .arena = in->arena,
                                    .words = words_for(spec, in->arena),
                                    .tags = TAGS(spec, in->arena),
                                    .tag_count = spec->tags_count,
                                    .work = RECORD(status->sync),
                                    .transfer = TRANSFER(status->transfer),
                                    .removal = RECORD(status->removal) };
    read_catalog(set);
    read_rules(set);
    find_users(&set->kept, pinned_by);
    find_users(&set->kept, output_of_user);
    set->kept.is_busy = is_being_published(in);
    versioned_observe(&set->kept);
    set->spec_hash = spec->source ? hash_of(spec, set->arena) : "";
}

static void dataset_plan(const struct observed *in, struct plan *out)
{
    struct set set;

    set_init(&set, in);
    if (in->self->deleted_at && !deletion_waits(&set.kept)) {
        let_go(&set.kept, out);
        return;
    }
    plan_guard(out, set.kept.user_count ? GUARD_ON : GUARD_OFF);
    take_published(&set.kept, NULL);
    if (!in->self->deleted_at) {
        end_sync(&set);
        begin_sync(&set, out);
        decide_removal(&set.kept, set.spec->storage, out);
    }
    say_dataset_status(&set, out);
    if (in->self->deleted_at)
        return;
    want_sync(&set, out);
    want_removal(&set.kept, dataset_removal_body, out);
}

static const enum kind owns[] = { KIND_JOB, KIND_CRON_JOB, KIND_COUNT };
static const enum kind names[] = { KIND_COUNT };
static const enum kind regards[] = { KIND_POD, KIND_JOB, KIND_TRAINING_JOB, KIND_COUNT };
static const char *const lazy_status[] = { "message", "progress", "transfer", "usedBy", NULL };

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
