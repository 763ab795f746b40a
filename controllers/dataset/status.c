#include "../../operator/base/jb.h"
#include "../agent/words.h"
#include "dataset.h"

static void say_drift(const struct set *set, struct plan *out)
{
    const struct run_result *found = &set->found;

    if (!set->kept.found_by || set->spec->on_drift == DATASET_SPEC_ON_DRIFT_IGNORE || !set->status->latest)
        return;
    if (found->changed || found->removed)
        plan_condition(out,
                       "Drifted",
                       true,
                       "SourceChanged",
                       "Of the objects of %s, %lld changed and %lld went at the source; %s has what is there now",
                       set->status->latest,
                       (long long)found->changed,
                       (long long)found->removed,
                       set->kept.catalog.latest);
    else
        plan_condition(out, "Drifted", false, "OnlyAdded", "Nothing that was there before has changed");
}

void say_dataset_status(const struct set *set, struct plan *out)
{
    const struct version *latest = catalog_latest(&set->kept.catalog);

    say_versioned_status(&set->kept, out);
    say_drift(set, out);
    plan_status(out, "digest", latest ? jb_str(latest->digest) : NULL);
    plan_status(out, "size", latest ? jb_str(bytes_text(set->arena, latest->bytes)) : NULL);
    plan_status(out, "sync", record_status(&set->kept.work, set->arena));
    if (set->spec->storage)
        plan_status(out, "claimName", jb_str(dataset_claim_name(set->arena, set->in->self->name)));
}
