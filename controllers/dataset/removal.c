#include <string.h>

#include "../../operator/base/jb.h"
#include "../agent/agent_job.h"
#include "dataset.h"

enum { RETRY_SECONDS = 600 };

static const char role[] = "remove";

static bool is_root(const void *context, const struct version *version)
{
    return version_is_used(context, version);
}

static struct retention rules_of(const struct dataset_spec_retention *rules)
{
    if (!rules)
        return (struct retention){ .keeps_all = true };
    return (struct retention){ .keeps_all = !rules->has_keep_last && !rules->has_keep_daily &&
                                            !rules->has_keep_weekly && !rules->has_keep_monthly,
                               .last = (int)rules->keep_last,
                               .daily = (int)rules->keep_daily,
                               .weekly = (int)rules->keep_weekly,
                               .monthly = (int)rules->keep_monthly,
                               .min_age_seconds = rules->min_age_seconds };
}

static void forget_removed(struct set *set)
{
    for (int i = 0; i < set->catalog.count; i++)
        set->catalog.items[i].gone |= set->catalog.items[i].removing;
}

static void unmark_used(struct set *set)
{
    for (int i = 0; i < set->catalog.count; i++)
        if (version_is_used(set, &set->catalog.items[i]))
            set->catalog.items[i].removing = false;
}

static bool any_marked(const struct set *set)
{
    for (int i = 0; i < set->catalog.count; i++)
        if (set->catalog.items[i].removing)
            return true;
    return false;
}

/* What was marked and is proved to be unused goes: at once where there is nothing but the mark. */
static void remove_marked(struct set *set, struct plan *out)
{
    plan_confirm(out, KIND_TRAINING_JOB, NULL);
    if (!set->in->confirmed)
        return;
    unmark_used(set);
    if (!any_marked(set))
        return;
    if (!set->spec->storage)
        forget_removed(set);
    else
        record_begin(&set->removal, set->in, role, NULL);
}

static void end_removal(struct set *set)
{
    if (set->removal_run.state < RUN_SUCCEEDED)
        return;
    record_end(&set->removal, set->in, &set->removal_run);
    if (set->removal.phase == RECORD_SUCCEEDED)
        forget_removed(set);
}

static bool waits_for_retry(const struct set *set, struct plan *out)
{
    int64_t at = set->removal.completion_time + RETRY_SECONDS;

    if (set->removal.phase != RECORD_FAILED || set->in->now >= at)
        return false;
    plan_look_again(out, at);
    return true;
}

void decide_removal(struct set *set, struct plan *out)
{
    struct retention rules = rules_of(set->spec->retention);
    int64_t at = catalog_next_look(&set->catalog, &rules, set->in->now);

    if (set->removal.phase == RECORD_RUNNING) {
        end_removal(set);
        return;
    }
    if (at)
        plan_look_again(out, at);
    if (any_marked(set)) { /* in the status that was observed: whoever pins a version from now on sees it */
        if (set->sync.phase != RECORD_RUNNING && !waits_for_retry(set, out))
            remove_marked(set, out);
        return;
    }
    catalog_mark(&set->catalog, &rules, set->in->now, is_root, set);
}

/* -- the Job ------------------------------------------------------------------------------------------------------- */

static json_t *removal_body(const struct observed *in, const struct identity *identity)
{
    const struct dataset_spec *spec = in->spec;
    const struct dataset_status *status = in->status;
    json_t *pod_spec = agent_pod_spec(spec->service_account_name), *args = ARR(jb_str("remove")), *container;

    (void)identity;
    agent_add_flag(args, "volume", DATA_PATH);
    for (size_t i = 0; i < status->versions_count; i++)
        if (status->versions[i].removing)
            agent_add_flag(args, "digest", status->versions[i].digest);
    container = agent_container(in, "remove", NULL, args, pod_spec);
    mount_data(in, container, pod_spec);
    jb_append(jb_child_array(pod_spec, "containers"), container);
    return agent_job(in, pod_spec);
}

static bool was_begun(const struct set *set)
{
    return set->status->removal && set->status->removal->number == set->removal.number;
}

void want_removal(const struct set *set, struct plan *out)
{
    struct identity identity = { role, 0, set->removal.number };
    bool runs = set->removal.phase == RECORD_RUNNING;

    drop_runs(set, role, set->removal.number + !runs, out); /* one that has ended goes too */
    if (runs && was_begun(set))                             /* the body is of the marks that were observed */
        plan_create(out, KIND_JOB, set->removal.run, identity, removal_body, false);
}
