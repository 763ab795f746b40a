#include "versioned.h"

#include <string.h>

enum { AGAIN_SECONDS = 60 };

void versioned_observe(struct versioned *kept)
{
    kept->told_completion = kept->work.completion_time;
    kept->told_removal = kept->removal.number;
    if (kept->work.run)
        run_observe(kept->in, kept->work.run, &kept->run);
    kept->transfer = transfer_observe(kept->in, &kept->run, kept->transfer);
    if (kept->removal.run)
        run_observe(kept->in, kept->removal.run, &kept->removal_run);
}

/* -- work ---------------------------------------------------------------------------------------------------------- */

/* Nobody heard what the run had found: once more, but not as fast as it goes. */
static bool lost_its_result(const struct versioned *kept, struct plan *out)
{
    int64_t at = kept->work.completion_time + AGAIN_SECONDS;

    if (!kept->work.reason || strcmp(kept->work.reason, REASON_RESULT_LOST) != 0)
        return false;
    if (kept->in->now < at)
        plan_look_again(out, at);
    return kept->in->now >= at;
}

bool work_is_due(const struct versioned *kept, const char *spec_hash, struct plan *out)
{
    const char *served = kept->work.requested_at ? kept->work.requested_at : "";

    if (kept->work.phase == RECORD_RUNNING || kept->removal.phase == RECORD_RUNNING)
        return false;
    return !kept->work.spec_hash || strcmp(kept->work.spec_hash, spec_hash) != 0 ||
           strcmp(kept->in->self->requested_at, served) != 0 || lost_its_result(kept, out);
}

void work_end(struct versioned *kept, const struct run *run, struct version like)
{
    int before = kept->catalog.count;

    record_end(&kept->work, kept->in, run);
    if (kept->work.phase != RECORD_SUCCEEDED)
        return;
    if (!run->result.digest) {
        record_fail(&kept->work,
                    REASON_RESULT_LOST,
                    "The Job has succeeded, but nobody knows what it found: its pod is gone, or versions were removed "
                    "meanwhile");
        return;
    }
    like.digest = run->result.digest;
    like.objects = run->result.objects;
    like.bytes = run->result.bytes;
    like.created_at = kept->work.completion_time;
    if (!catalog_add(&kept->catalog, like))
        record_fail(&kept->work,
                    "TooManyVersions",
                    arena_printf(kept->arena,
                                 "what it found is new, but %d versions are kept already: write retention.keepLast",
                                 MAX_VERSIONS));
    if (kept->catalog.count > before)
        kept->found_by = kept->words->work;
}

void drop_runs(const struct versioned *kept, const char *role, int before, struct plan *out)
{
    struct objects jobs = kept->in->children[KIND_JOB];

    for (size_t i = 0; i < jobs.count; i++)
        if (strcmp(jobs.items[i]->role, role) == 0 && jobs.items[i]->attempt < before)
            plan_drop(out, jobs.items[i]);
}

/* -- deletion ------------------------------------------------------------------------------------------------------ */

bool deletion_waits(const struct versioned *kept)
{
    return kept->user_count > 0;
}

void let_go(const struct versioned *kept, struct plan *out)
{
    out->keep_status = true;
    confirm_unused(kept, out);
    if (kept->in->confirmed)
        plan_guard(out, GUARD_OFF);
}
