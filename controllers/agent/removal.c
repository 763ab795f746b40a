#include "versioned.h"

enum { RETRY_SECONDS = 600 };

static const char role[] = "remove";

static bool is_root(const void *context, const struct version *version)
{
    return version_is_used(context, version);
}

static void forget_removed(struct versioned *kept)
{
    for (int i = 0; i < kept->catalog.count; i++)
        kept->catalog.items[i].gone |= kept->catalog.items[i].removing;
}

/* All of them where somebody is adding: the same content may come again, and must not go under its hands. */
static void unmark_used(struct versioned *kept)
{
    for (int i = 0; i < kept->catalog.count; i++)
        if (kept->is_busy || version_is_used(kept, &kept->catalog.items[i]))
            kept->catalog.items[i].removing = false;
}

static bool any_marked(const struct versioned *kept)
{
    for (int i = 0; i < kept->catalog.count; i++)
        if (kept->catalog.items[i].removing)
            return true;
    return false;
}

/* What was marked and is proved to be unused goes: at once where there is nothing but the mark. */
static void remove_marked(struct versioned *kept, bool in_place, struct plan *out)
{
    confirm_unused(kept, out);
    if (!kept->in->confirmed)
        return;
    unmark_used(kept);
    if (!any_marked(kept))
        return;
    if (in_place)
        record_begin(&kept->removal, kept->in, role, NULL);
    else
        forget_removed(kept);
}

static void end_removal(struct versioned *kept)
{
    if (kept->removal_run.state < RUN_SUCCEEDED)
        return;
    record_end(&kept->removal, kept->in, &kept->removal_run);
    if (kept->removal.phase == RECORD_SUCCEEDED)
        forget_removed(kept);
}

static bool waits_for_retry(const struct versioned *kept, struct plan *out)
{
    int64_t at = kept->removal.completion_time + RETRY_SECONDS;

    if (kept->removal.phase != RECORD_FAILED || kept->in->now >= at)
        return false;
    plan_look_again(out, at);
    return true;
}

void decide_removal(struct versioned *kept, bool in_place, struct plan *out)
{
    int64_t at = catalog_next_look(&kept->catalog, &kept->rules, kept->in->now);

    if (kept->removal.phase == RECORD_RUNNING) {
        end_removal(kept);
        return;
    }
    if (at)
        plan_look_again(out, at);
    if (any_marked(kept)) { /* in the status that was observed: whoever pins a version from now on sees it */
        if (kept->work.phase != RECORD_RUNNING && !waits_for_retry(kept, out))
            remove_marked(kept, in_place, out);
        return;
    }
    if (!kept->is_busy)
        catalog_mark(&kept->catalog, &kept->rules, kept->in->now, is_root, kept);
}

void want_removal(const struct versioned *kept, late_body *body, struct plan *out)
{
    struct identity identity = { role, 0, kept->removal.number };
    bool runs = kept->removal.phase == RECORD_RUNNING;

    drop_runs(kept, role, kept->removal.number + !runs, out); /* one that has ended goes too */
    if (runs && kept->told_removal == kept->removal.number)   /* the body is of the marks that were observed */
        plan_create(out, KIND_JOB, kept->removal.run, identity, body, false);
}
