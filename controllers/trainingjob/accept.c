#include <string.h>

#include "../../operator/base/jb.h"
#include "job.h"

/* A field that is there, and whose behaviour is not yet. */
struct refused {
    bool present;
    const char *field;
    const char *instead;
};

static bool has_depends_on(const struct trainingjob_spec *spec)
{
    for (size_t i = 0; i < spec->roles_count; i++)
        if (spec->roles[i].depends_on_count)
            return true;
    return false;
}

static const char *first_refused(const struct job *job, const char **ret_instead)
{
    const struct trainingjob_spec *spec = job->spec;
    const struct refused table[] = {
        { spec->framework > TRAININGJOB_SPEC_FRAMEWORK_PYTORCH, "spec.framework", "write PyTorch, or leave it out" },
        { spec->data != NULL, "spec.data", "remove it and mount a volume in the template" },
        { spec->checkpoint != NULL, "spec.checkpoint", "remove it and mount a volume in the template" },
        { spec->outputs != NULL, "spec.outputs", "remove it and mount a volume in the template" },
        { spec->suspend, "spec.suspend", "write false, or leave it out" },
        { spec->success_policy != NULL, "spec.successPolicy", "remove it: all workers must succeed" },
        { spec->failure_policy != NULL, "spec.failurePolicy", "remove it: a failed pod fails the job" },
        { spec->progress != NULL, "spec.progress", "remove it" },
        { spec->scheduling != NULL, "spec.scheduling", "remove it" },
        { spec->has_active_deadline_seconds, "spec.activeDeadlineSeconds", "remove it" },
        { spec->has_ttl_seconds_after_finished, "spec.ttlSecondsAfterFinished", "remove it" },
        { spec->clean_pod_policy > TRAININGJOB_SPEC_CLEAN_POD_POLICY_RUNNING,
          "spec.cleanPodPolicy",
          "write Running, or leave it out" },
        { has_depends_on(spec), "spec.roles[].dependsOn", "remove it" },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (!table[i].present)
            continue;
        *ret_instead = table[i].instead;
        return table[i].field;
    }
    return NULL;
}

/* The server checks templates only as far as the CRD knows them; this is what our own parser cannot take. */
static const char *unusable_template(const struct job *job)
{
    for (int i = 0; i < job->role_count; i++) {
        json_auto_t *template = NULL;
        struct error err;

        if (jb_parse(job_template(job, &job->roles[i]), &template, &err) < 0)
            return arena_printf(
                job->arena, "the template of role %s cannot be used: %s", job->roles[i].name, err.message);
    }
    return NULL;
}

static bool refuse(struct plan *out, const char *reason, const char *message)
{
    plan_condition(out, "Accepted", false, reason, "%s", message);
    plan_condition(out, "Stalled", true, reason, "%s", message);
    plan_event(out, true, reason, "Validate", "%s", message);
    return false;
}

/* What the API server itself refused to create, in its own words. */
static const struct failure *invalid_child(const struct job *job)
{
    for (size_t i = 0; i < job->in->failure_count; i++)
        if (job->in->failures[i].type == FAILURE_INVALID)
            return &job->in->failures[i];
    return NULL;
}

bool accept_job(const struct job *job, struct plan *out)
{
    const char *instead = "", *field = first_refused(job, &instead), *problem;
    const struct failure *invalid = invalid_child(job);

    if (field)
        return refuse(
            out,
            "NotImplemented",
            arena_printf(
                job->arena, "%s has no effect in this version of Kitae, so the job is not run: %s", field, instead));
    if (invalid)
        return refuse(out,
                      "InvalidTemplate",
                      arena_printf(job->arena, "the API server refuses %s: %.600s", invalid->name, invalid->message));
    problem = job->status->start_time ? NULL : unusable_template(job);
    if (problem)
        return refuse(out, "InvalidTemplate", problem);
    plan_condition(out, "Accepted", true, "Accepted", "The job is understood");
    return true;
}
