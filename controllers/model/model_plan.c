#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../servingendpoint/servingendpoint.h"
#include "../trainingjob/published.h"
#include "model.h"
#include "store.h"

static const enum kind users[] = { KIND_TRAINING_JOB, KIND_SERVING_ENDPOINT, KIND_COUNT };

static const struct versioned_words words = {
    .users = users,
    .kind = "Model",
    .work = "Import",
    .working = "Importing",
    .done = "Published",
    .idle = "No version yet: a TrainingJob that names this Model in spec.outputs makes the first one when it succeeds",
};

static struct version read_version(const struct model_status_versions *version, struct arena *arena)
{
    const struct model_status_versions_produced_by *maker = version->produced_by;
    struct ingredient *data = arena_alloc(arena, version->data_count * sizeof(*data));
    struct version read = { .name = version->name,
                            .digest = version->digest,
                            .objects = version->objects,
                            .bytes = version->bytes,
                            .created_at = version->created_at,
                            .removing = version->removing,
                            .uri = version->uri,
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

static void read_catalog(struct model *model)
{
    const struct model_status *status = model->status;
    struct catalog *catalog = &model->kept.catalog;

    *catalog = (struct catalog){ .arena = model->in->arena,
                                 .next = status->has_next_version ? (int)status->next_version : 1,
                                 .latest = status->latest };
    for (size_t i = 0; i < status->versions_count; i++)
        catalog_put(catalog, read_version(&status->versions[i], model->in->arena));
}

static void model_init(struct model *model, const struct observed *in)
{
    const struct model_spec *spec = in->spec;
    const struct model_status *status = in->status;
    const struct model_spec_retention *rules = spec->retention;

    *model = (struct model){ .in = in, .spec = spec, .status = status };
    model->kept = (struct versioned){ .in = in,
                                      .arena = in->arena,
                                      .words = &words,
                                      .tags = TAGS(spec, in->arena),
                                      .tag_count = spec->tags_count,
                                      .rules = { .keeps_all = !rules || !rules->has_keep_last },
                                      .work = RECORD(status->import),
                                      .transfer = TRANSFER(status->transfer),
                                      .removal = RECORD(status->removal) };
    if (rules) {
        model->kept.rules.last = (int)rules->keep_last;
        model->kept.rules.min_age_seconds = rules->min_age_seconds;
    }
    read_catalog(model);
    find_users(&model->kept, output_of_user);
    find_users(&model->kept, servingendpoint_pins);
    model->kept.is_busy = is_being_published(in);
    versioned_observe(&model->kept);
}

static void add_uri(const struct observed *in, struct version *version)
{
    version->uri = model_uri(in->spec, version->digest, in->arena);
}

static const char *maker_text(const struct version *version, struct arena *arena)
{
    return arena_printf(arena, "%.60s/%.60s", version->maker_kind, version->maker_name ? version->maker_name : "");
}

static void say_model_status(const struct model *model, struct plan *out)
{
    const struct version *latest = catalog_latest(&model->kept.catalog);

    say_versioned_status(&model->kept, out);
    plan_status(out, "import", record_status(&model->kept.work, model->kept.arena));
    plan_status(out, "uri", latest && latest->uri ? jb_str(latest->uri) : NULL);
    plan_status(out, "producedBy", latest && latest->maker_kind ? jb_str(maker_text(latest, model->kept.arena)) : NULL);
}

static void model_plan(const struct observed *in, struct plan *out)
{
    struct model model;

    model_init(&model, in);
    if (in->self->deleted_at && !deletion_waits(&model.kept)) {
        let_go(&model.kept, out);
        return;
    }
    plan_guard(out, model.kept.user_count ? GUARD_ON : GUARD_OFF);
    take_published(&model.kept, add_uri);
    if (!in->self->deleted_at) {
        end_import(&model);
        begin_import(&model, out);
        decide_removal(&model.kept, true, out);
    }
    say_model_status(&model, out);
    if (in->self->deleted_at)
        return;
    want_import(&model, out);
    want_removal(&model.kept, model_removal_body, out);
}

static const enum kind owns[] = { KIND_JOB, KIND_COUNT };
static const enum kind names[] = { KIND_COUNT };
static const enum kind regards[] = { KIND_POD, KIND_TRAINING_JOB, KIND_SERVING_ENDPOINT, KIND_COUNT };
static const char *const lazy_status[] = { "message", "progress", "transfer", "usedBy", NULL };

const struct controller model_controller = {
    .kind = KIND_MODEL,
    .owns = owns,
    .names = names,
    .regards = regards,
    .document = &model_document_type,
    .spec = &model_spec_type,
    .status = &model_status_type,
    .lazy_status = lazy_status,
    .plan = model_plan,
};
