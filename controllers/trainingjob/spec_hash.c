#include <string.h>

#include "../../operator/base/digest.h"
#include "../../operator/base/scan.h"
#include "job.h"

/*
 * A hash of what an attempt runs: eight digits for each of the fields that the CRD keeps once a run has started, so
 * that a change can be told by its name. The CRD's own rule does not see every change below a template.
 */
static const char *const fields[] = { "roles", "framework", "template", "data", "outputs", "checkpoint" };

enum { FIELDS = sizeof(fields) / sizeof(fields[0]), DIGITS = 8 };

static size_t find_field(struct slice key)
{
    size_t i = 0;

    while (i < FIELDS && !slice_is(key, fields[i]))
        i++;
    return i;
}

/* The text of each; empty where the spec does not have it. */
static void find_texts(struct slice spec, struct slice ret_texts[FIELDS])
{
    struct slice key;
    struct scan scan;

    for (size_t i = 0; i < FIELDS; i++)
        ret_texts[i] = (struct slice){ "", 0 };
    scan_init(&scan, spec);
    scan_open(&scan, SCAN_OBJECT);
    while (scan_key(&scan, &key)) {
        size_t field = find_field(key);
        struct slice text = scan_raw(&scan);

        if (field < FIELDS)
            ret_texts[field] = text;
    }
}

const char *spec_hash(const struct job *job)
{
    const char *text = "", *glue = "";
    struct slice texts[FIELDS];

    find_texts(job->in->self->spec, texts);
    for (size_t i = 0; i < FIELDS; i++) {
        char digest[DIGEST_SHORT];

        digest_short(texts[i], digest);
        text = arena_printf(job->arena, "%s%s%.*s", text, glue, DIGITS, digest);
        glue = "-";
    }
    return text;
}

/* "roles, template": what is different; NULL: nothing, or nobody can tell. */
static const char *changed_fields(const struct job *job, const char *before)
{
    const char *now = spec_hash(job), *text = NULL;

    if (strlen(before) != strlen(now))
        return NULL;
    for (size_t i = 0; i < FIELDS; i++)
        if (strncmp(before + i * (DIGITS + 1), now + i * (DIGITS + 1), DIGITS) != 0)
            text = text ? arena_printf(job->arena, "%s, %s", text, fields[i]) : fields[i];
    return text;
}

void say_changes(const struct job *job, struct plan *out)
{
    static const char type[] = "SpecChanged";
    const char *before = job->attempts[job->attempt_count - 1].spec_hash;
    const char *changed = before && job->status->start_time ? changed_fields(job, before) : NULL;

    if (changed)
        plan_condition(
            out,
            type,
            true,
            "AppliesToNextAttempt",
            "%s changed since attempt %d began, and apply to the next one: suspend the job and resume it, or "
            "give the run a new name",
            changed,
            job->attempt);
    else if (was_said(job, type))
        plan_condition(out, type, false, "Unchanged", "The present attempt runs what the spec says");
}
