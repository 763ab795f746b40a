#include <string.h>

#include "../../operator/base/fields.h"
#include "../../operator/base/jb.h"
#include "../agent/words.h"
#include "dataset.h"

enum { USERS_TOLD = 10 };

/* -- what is wrong ------------------------------------------------------------------------------------------------- */

static const struct failure *refused_child(const struct set *set, enum failure_type type)
{
    for (size_t i = 0; i < set->in->failure_count; i++)
        if (set->in->failures[i].type == type)
            return &set->in->failures[i];
    return NULL;
}

static const char *advice_for(enum failure_type type)
{
    return type == FAILURE_INVALID  ? "correct the spec"
           : type == FAILURE_DENIED ? "it is tried again; raise the quota or give the right that it names"
           : type == FAILURE_TAKEN  ? "rename that object, or give the DataSet another name"
                                    : "it is tried again";
}

/* What the API server would not make, in its own words; NULL: nothing. */
static const char *refusal_text(const struct set *set)
{
    for (enum failure_type type = FAILURE_INVALID; type <= FAILURE_SERVER; type++) {
        const struct failure *failure = refused_child(set, type);

        if (failure)
            return arena_printf(set->arena,
                                "The API server refuses %s %s: %s. It says: %.600s",
                                kind_info(failure->kind)->name,
                                failure->name,
                                advice_for(type),
                                failure->message);
    }
    return NULL;
}

/* -- one sentence -------------------------------------------------------------------------------------------------- */

static const char *version_text(const struct set *set)
{
    const struct version *latest = catalog_latest(&set->catalog);

    if (!latest)
        return "there is no version yet";
    return arena_printf(set->arena,
                        "version %s has %s (%s)",
                        latest->name,
                        count_text(set->arena, latest->objects, "object"),
                        bytes_text(set->arena, latest->bytes));
}

static const char *syncing_text(const struct set *set)
{
    if (set->run.state == RUN_WAITING && *set->run.message)
        return arena_printf(set->arena, "Sync %s: %s", set->sync.run, set->run.message);
    return arena_printf(set->arena,
                        "Sync %s %s; %s",
                        set->sync.run,
                        set->run.state == RUN_ACTIVE ? "runs" : "is starting",
                        version_text(set));
}

/* "TrainingJob/ranking, TrainingJob/search and 3 more" */
static const char *users_text(const struct set *set)
{
    const char *text = "";

    for (int i = 0; i < set->user_count && i < USERS_TOLD; i++)
        text = arena_printf(set->arena, "%s%s%s", text, i ? ", " : "", user_text(set, i));
    return set->user_count > USERS_TOLD ? arena_printf(set->arena, "%s and %d more", text, set->user_count - USERS_TOLD)
                                        : text;
}

static const char *failed_text(const struct set *set)
{
    bool again = strcmp(set->sync.reason, "ResultLost") == 0;

    return arena_printf(set->arena,
                        "Sync %s failed (%s): %s. %s; %s",
                        set->sync.run,
                        set->sync.reason,
                        set->sync.message ? set->sync.message : "nobody says why",
                        again ? "It is tried again within a minute"
                              : "Then set the annotation kitae.dev/requested-at to any new value",
                        version_text(set));
}

static const char *message_of(const struct set *set)
{
    const char *refusal = refusal_text(set);

    if (set->in->self->deleted_at)
        return arena_printf(set->arena,
                            "Deletion waits for %s: each uses a version of it; it goes on when they have ended or are "
                            "deleted",
                            users_text(set));
    if (set->refused)
        return set->refused;
    if (refusal)
        return refusal;
    if (set->is_full)
        return arena_printf(set->arena,
                            "The last sync found a new version, but %d are kept already: write retention.keepLast",
                            MAX_VERSIONS);
    if (set->sync.phase == RECORD_RUNNING)
        return syncing_text(set);
    if (set->sync.phase == RECORD_FAILED)
        return failed_text(set);
    if (set->removal.phase == RECORD_FAILED)
        return arena_printf(
            set->arena, "Old versions could not be removed: %s; %s", set->removal.message, version_text(set));
    if (!set->sync.phase)
        return "Not synced yet: spec.sync.suspend is set, or the first sync is about to begin";
    return arena_printf(set->arena, "Synced: %s", version_text(set));
}

/* -- conditions ---------------------------------------------------------------------------------------------------- */

static void say_drift(const struct set *set, struct plan *out)
{
    const struct run_result *found = &set->found;

    if (!set->found_version || set->spec->on_drift == DATASET_SPEC_ON_DRIFT_IGNORE || !set->status->latest)
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
                       set->catalog.latest);
    else
        plan_condition(out, "Drifted", false, "OnlyAdded", "Nothing that was there before has changed");
}

/* Why a person is needed; NULL: nobody is. */
static const char *stalled_reason(const struct set *set)
{
    if (set->in->self->deleted_at)
        return "InUse";
    if (set->refused)
        return "NotImplemented";
    if (refused_child(set, FAILURE_INVALID))
        return "InvalidSpec";
    if (set->sync.phase == RECORD_FAILED)
        return set->sync.reason;
    return set->is_full ? "TooManyVersions" : NULL;
}

static void say_conditions(const struct set *set, struct plan *out, const char *message)
{
    bool invalid = refused_child(set, FAILURE_INVALID), syncing = set->sync.phase == RECORD_RUNNING;
    const char *stalled = stalled_reason(set);
    bool has_version = catalog_latest(&set->catalog) != NULL;

    if (set->refused || invalid)
        plan_condition(out, "Accepted", false, set->refused ? "NotImplemented" : "InvalidSpec", "%s", message);
    else
        plan_condition(out, "Accepted", true, "Accepted", "The DataSet is understood");
    plan_condition(out,
                   "Ready",
                   has_version,
                   has_version ? "VersionReady" : "NoVersion",
                   "%s",
                   has_version ? version_text(set) : message);
    plan_condition(out, "Reconciling", syncing && !has_version, syncing ? "Syncing" : "Idle", "%s", message);
    plan_condition(out,
                   "Stalled",
                   stalled != NULL,
                   stalled ? stalled : "NotStalled",
                   "%s",
                   stalled ? message : "Nobody is needed");
    say_drift(set, out);
}

static void say_events(const struct set *set, struct plan *out)
{
    bool ended = set->status->sync && set->status->sync->completion_time != set->sync.completion_time;

    if (set->found_version)
        plan_event(out, false, "VersionCreated", "Sync", "%s: %s", set->catalog.latest, version_text(set));
    if (ended && set->sync.phase == RECORD_FAILED)
        plan_event(out, true, set->sync.reason, "Sync", "%s: %.700s", set->sync.run, set->sync.message);
}

/* -- the rest ------------------------------------------------------------------------------------------------------ */

static const char *phase_of(const struct set *set)
{
    if (set->refused || refused_child(set, FAILURE_INVALID) || set->sync.phase == RECORD_FAILED)
        return "Failed";
    if (set->sync.phase == RECORD_RUNNING)
        return "Syncing";
    return catalog_latest(&set->catalog) ? "Ready" : "Pending";
}

static json_t *users_status(const struct set *set)
{
    json_t *first = json_array();

    for (int i = 0; i < set->user_count && i < USERS_TOLD; i++)
        jb_append(first, jb_str(user_text(set, i)));
    return OBJ({ "count", jb_int(set->user_count) }, { "first", first });
}

static void say_catalog(const struct set *set, struct plan *out)
{
    const struct version *latest = catalog_latest(&set->catalog);

    plan_status(out, "nextVersion", jb_int(set->catalog.next));
    plan_status(out, "latest", latest ? jb_str(latest->name) : NULL);
    plan_status(out, "digest", latest ? jb_str(latest->digest) : NULL);
    plan_status(out, "size", latest ? jb_str(bytes_text(set->arena, latest->bytes)) : NULL);
    plan_status(out, "versions", catalog_status(&set->catalog));
    plan_status(out, "sync", record_status(&set->sync, set->arena));
    plan_status(out, "removal", record_status(&set->removal, set->arena));
    plan_status(out, "usedBy", users_status(set));
    if (set->spec->storage)
        plan_status(out, "claimName", jb_str(dataset_claim_name(set->arena, set->in->self->name)));
    if (set->sync.phase)
        plan_status(out, "agentImage", jb_str(set->in->agent_image));
}

void say_dataset_status(const struct set *set, struct plan *out)
{
    const char *message = message_of(set);

    plan_status(out, "phase", jb_str(phase_of(set)));
    plan_status(out, "message", jb_str(message));
    say_conditions(set, out, message);
    say_events(set, out);
    say_catalog(set, out);
}
