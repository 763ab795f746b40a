#include <string.h>

#include "../../operator/base/jb.h"
#include "versioned.h"
#include "words.h"

enum { USERS_TOLD = 10 };

/* -- what is wrong ------------------------------------------------------------------------------------------------- */

static const struct failure *refused_child(const struct observed *in, enum failure_type type)
{
    for (size_t i = 0; i < in->failure_count; i++)
        if (in->failures[i].type == type)
            return &in->failures[i];
    return NULL;
}

static const char *advice_for(const struct versioned *kept, enum failure_type type)
{
    return type == FAILURE_INVALID  ? "correct the spec"
           : type == FAILURE_DENIED ? "it is tried again; raise the quota or give the right that it names"
           : type == FAILURE_TAKEN
               ? arena_printf(kept->arena, "rename that object, or give the %s another name", kept->words->kind)
               : "it is tried again";
}

/* What the API server would not make, in its own words; NULL: nothing. */
static const char *refusal_text(const struct versioned *kept)
{
    for (enum failure_type type = FAILURE_INVALID; type <= FAILURE_SERVER; type++) {
        const struct failure *failure = refused_child(kept->in, type);

        if (failure)
            return arena_printf(kept->arena,
                                "The API server refuses %s %s: %s. It says: %.600s",
                                kind_info(failure->kind)->name,
                                failure->name,
                                advice_for(kept, type),
                                failure->message);
    }
    return NULL;
}

/* -- one sentence -------------------------------------------------------------------------------------------------- */

const char *version_text(const struct versioned *kept)
{
    const struct version *latest = catalog_latest(&kept->catalog);

    if (!latest)
        return "there is no version yet";
    return arena_printf(kept->arena,
                        "version %s has %s (%s)",
                        latest->name,
                        count_text(kept->arena, latest->objects, "object"),
                        bytes_text(kept->arena, latest->bytes));
}

static const char *working_text(const struct versioned *kept)
{
    if (kept->run.state == RUN_WAITING && *kept->run.message)
        return arena_printf(kept->arena, "%s %s: %s", kept->words->work, kept->work.run, kept->run.message);
    return arena_printf(kept->arena,
                        "%s %s %s%s%s; %s",
                        kept->words->work,
                        kept->work.run,
                        kept->run.state == RUN_ACTIVE ? "runs" : "is starting",
                        kept->transfer.known ? ": " : "",
                        kept->transfer.known ? transfer_text(&kept->transfer, kept->arena) : "",
                        version_text(kept));
}

/* "TrainingJob/ranking, TrainingJob/search and 3 more" */
static const char *users_text(const struct versioned *kept)
{
    const char *text = "";

    for (int i = 0; i < kept->user_count && i < USERS_TOLD; i++)
        text = arena_printf(kept->arena, "%s%s%s", text, i ? ", " : "", user_text(kept, i));
    return kept->user_count > USERS_TOLD
               ? arena_printf(kept->arena, "%s and %d more", text, kept->user_count - USERS_TOLD)
               : text;
}

static const char *failed_text(const struct versioned *kept)
{
    bool again = strcmp(kept->work.reason, REASON_RESULT_LOST) == 0;

    return arena_printf(kept->arena,
                        "%s %s failed (%s): %s. %s; %s",
                        kept->words->work,
                        kept->work.run,
                        kept->work.reason,
                        kept->work.message ? kept->work.message : "nobody says why",
                        again ? "It is tried again within a minute"
                              : "Then set the annotation kitae.dev/requested-at to any new value",
                        version_text(kept));
}

static const char *message_of(const struct versioned *kept)
{
    const char *refusal = refusal_text(kept);

    if (kept->in->self->deleted_at)
        return arena_printf(kept->arena,
                            "Deletion waits for %s: each uses a version of it; it goes on when they have ended or are "
                            "deleted",
                            users_text(kept));
    if (refusal)
        return refusal;
    if (kept->is_full)
        return arena_printf(kept->arena,
                            "A job has published a new version, but %d are kept already: write retention.keepLast",
                            MAX_VERSIONS);
    if (kept->work.phase == RECORD_RUNNING)
        return working_text(kept);
    if (kept->work.phase == RECORD_FAILED)
        return failed_text(kept);
    if (kept->removal.phase == RECORD_FAILED)
        return arena_printf(
            kept->arena, "Old versions could not be removed: %s; %s", kept->removal.message, version_text(kept));
    if (!catalog_latest(&kept->catalog))
        return kept->words->idle;
    return arena_printf(kept->arena, "%s: %s", kept->words->done, version_text(kept));
}

/* -- conditions ---------------------------------------------------------------------------------------------------- */

static bool is_invalid(const struct versioned *kept)
{
    return refused_child(kept->in, FAILURE_INVALID) != NULL;
}

/* Why a person is needed; NULL: nobody is. */
static const char *stalled_reason(const struct versioned *kept)
{
    if (kept->in->self->deleted_at)
        return "InUse";
    if (is_invalid(kept))
        return "InvalidSpec";
    if (kept->work.phase == RECORD_FAILED)
        return kept->work.reason;
    return kept->is_full ? "TooManyVersions" : NULL;
}

static void say_conditions(const struct versioned *kept, struct plan *out, const char *message)
{
    bool invalid = is_invalid(kept), working = kept->work.phase == RECORD_RUNNING;
    const char *stalled = stalled_reason(kept);
    bool has_version = catalog_latest(&kept->catalog) != NULL;

    if (invalid)
        plan_condition(out, "Accepted", false, "InvalidSpec", "%s", message);
    else
        plan_condition(out, "Accepted", true, "Accepted", "The %s is understood", kept->words->kind);
    plan_condition(out,
                   "Ready",
                   has_version,
                   has_version ? "VersionReady" : "NoVersion",
                   "%s",
                   has_version ? version_text(kept) : message);
    plan_condition(out, "Reconciling", working && !has_version, working ? kept->words->working : "Idle", "%s", message);
    plan_condition(out,
                   "Stalled",
                   stalled != NULL,
                   stalled ? stalled : "NotStalled",
                   "%s",
                   stalled ? message : "Nobody is needed");
}

/* Whether progress can be shown at all. */
static void say_reporting(const struct versioned *kept, struct plan *out)
{
    const struct reporting *reporting = kept->in->reporting;

    if (!reporting)
        return;
    if (reporting->problem)
        plan_condition(out, "Reporting", false, "NotAvailable", "Progress is not shown: %s", reporting->problem);
    else
        plan_condition(out, "Reporting", true, "Available", "Pods tell how far they are");
}

static void say_events(const struct versioned *kept, struct plan *out)
{
    bool ended = kept->told_completion != kept->work.completion_time;

    if (kept->found_by)
        plan_event(out, false, "VersionCreated", kept->found_by, "%s: %s", kept->catalog.latest, version_text(kept));
    if (ended && kept->work.phase == RECORD_FAILED)
        plan_event(out, true, kept->work.reason, kept->words->work, "%s: %.700s", kept->work.run, kept->work.message);
}

/* -- the rest ------------------------------------------------------------------------------------------------------ */

static const char *phase_of(const struct versioned *kept)
{
    if (is_invalid(kept) || kept->work.phase == RECORD_FAILED)
        return "Failed";
    if (kept->work.phase == RECORD_RUNNING)
        return kept->words->working;
    return catalog_latest(&kept->catalog) ? "Ready" : "Pending";
}

static json_t *users_status(const struct versioned *kept)
{
    json_t *first = json_array();

    for (int i = 0; i < kept->user_count && i < USERS_TOLD; i++)
        jb_append(first, jb_str(user_text(kept, i)));
    return OBJ({ "count", jb_int(kept->user_count) }, { "first", first });
}

void say_versioned_status(const struct versioned *kept, struct plan *out)
{
    const struct version *latest = catalog_latest(&kept->catalog);
    const char *message = message_of(kept);

    plan_status(out, "phase", jb_str(phase_of(kept)));
    plan_status(out, "message", jb_str(message));
    say_conditions(kept, out, message);
    say_reporting(kept, out);
    say_events(kept, out);
    plan_status(out, "progress", kept->transfer.known ? jb_str(transfer_brief(&kept->transfer, kept->arena)) : NULL);
    plan_status(out, "transfer", transfer_status(&kept->transfer));
    plan_status(out, "nextVersion", jb_int(kept->catalog.next));
    plan_status(out, "latest", latest ? jb_str(latest->name) : NULL);
    plan_status(out, "versions", catalog_status(&kept->catalog));
    plan_status(out, "removal", record_status(&kept->removal, kept->arena));
    plan_status(out, "usedBy", users_status(kept));
    if (kept->work.phase)
        plan_status(out, "agentImage", jb_str(kept->in->agent_image));
}
