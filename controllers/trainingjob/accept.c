#include <string.h>

#include "../../operator/base/jb.h"
#include "mpi.h"

enum { LONGEST_VARIABLE = 128 * 1024 }; /* name, = and value with the NUL behind it: MAX_ARG_STRLEN of Linux */

/* A field that is there, and whose behaviour is not yet. */
struct refused {
    bool present;
    const char *field;
    const char *what;
    const char *instead;
};

/* The first one with what to write instead, then the names of the others; NULL when there is none. */
static const char *describe_refused(const struct job *job, const struct refused *table, size_t count)
{
    const char *text = NULL, *glue = "; likewise ";

    for (size_t i = 0; i < count; i++) {
        if (!table[i].present)
            continue;
        if (!text) {
            text = arena_printf(job->arena,
                                "%s: this %s is not implemented in this version of Kitae: %s",
                                table[i].field,
                                table[i].what,
                                table[i].instead);
            continue;
        }
        text = arena_printf(job->arena, "%s%s%s", text, glue, table[i].field);
        glue = ", ";
    }
    return text;
}

static const char *refused_fields(const struct job *job)
{
    const struct trainingjob_spec *spec = job->spec;
    const struct refused table[] = {
        { spec->progress != NULL, "spec.progress", "field", "remove it" },
        { spec->scheduling != NULL, "spec.scheduling", "field", "remove it" },
    };

    return describe_refused(job, table, sizeof(table) / sizeof(table[0]));
}

/* The server checks templates only as far as the CRD knows them; this is what our own parser cannot take. */
static const char *unusable_template(const struct job *job)
{
    for (int i = 0; i < job->role_count; i++) {
        struct slice text = job_template(job, &job->roles[i]);
        json_auto_t *template = NULL;
        struct error err;

        if (!text.data)
            return arena_printf(job->arena,
                                "spec.roles[%d].template: is required, as there is no spec.template for role %s",
                                i,
                                job->roles[i].name);
        if (jb_parse(text, &template, &err) < 0)
            return arena_printf(job->arena,
                                "%s: cannot be used: %s",
                                text.data == job->spec->template.data
                                    ? "spec.template"
                                    : arena_printf(job->arena, "spec.roles[%d].template", i),
                                err.message);
    }
    return NULL;
}

/* A program with a longer variable does not start: execve gives E2BIG ("Argument list too long"). */
static const char *oversized_environment(const struct job *job)
{
    size_t length = strlen("TF_CONFIG=") + longest_tf_config(job);

    if (length < LONGEST_VARIABLE)
        return NULL;
    return arena_printf(job->arena,
                        "spec.roles: TF_CONFIG names all %d pods and would have %zu bytes, but Linux starts no program "
                        "with a variable of more than %d: write fewer replicas, or give the job a shorter name; or "
                        "remove spec.framework and set TF_CONFIG in the template",
                        job->desired,
                        length,
                        LONGEST_VARIABLE - 1);
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

static bool refuse_child(const struct job *job, struct plan *out, const struct failure *failure)
{
    const char *advice = job->attempt > 1 && job->missing == job->desired
                             ? "set suspend to true, then correct the template, then resume, in three changes"
                         : has_pods(job) ? "give the job a new name and a corrected template"
                                         : "correct the template";

    return refuse(out,
                  "InvalidTemplate",
                  arena_printf(job->arena,
                               "The API server refuses %s %s: %s. It says: %.600s",
                               kind_info(failure->kind)->name,
                               failure->name,
                               advice,
                               failure->message));
}

bool is_refused_by_server(const struct job *job)
{
    return invalid_child(job) != NULL;
}

/* What pods are made of; it stays as it is once there are some. */
static bool can_start(const struct job *job, struct plan *out)
{
    const char *problem = mpi_misses_role(job);

    if (problem)
        return refuse(out, "InvalidRoles", problem);
    problem = unusable_template(job);
    if (problem)
        return refuse(out, "InvalidTemplate", problem);
    problem = unusable_data(job);
    if (problem)
        return refuse(out, "InvalidData", problem);
    problem = unusable_output(job);
    if (problem)
        return refuse(out, "InvalidOutput", problem);
    problem = oversized_environment(job);
    return problem ? refuse(out, "EnvironmentTooLarge", problem) : true;
}

bool accept_job(const struct job *job, struct plan *out)
{
    const char *refused = refused_fields(job);
    const struct failure *invalid = invalid_child(job);

    if (refused)
        return refuse(out, "NotImplemented", refused);
    if (invalid)
        return refuse_child(job, out, invalid);
    if (job->missing == job->desired && !can_start(job, out))
        return false;
    plan_condition(out, "Accepted", true, "Accepted", "The job is understood");
    return true;
}
