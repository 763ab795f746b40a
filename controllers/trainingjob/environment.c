#define _GNU_SOURCE /* memmem */
#include "environment.h"

#include <ctype.h>
#include <string.h>

#include "../../operator/base/jb.h"

enum {
    MAX_TOLD = 8, /* containers that the condition lists */
    ALL_TABLES = MAX_TABLES + 2,
};

static const char *const container_lists[] = { "initContainers", "containers" };

static json_t *job_name(const struct seat *seat)
{
    return jb_str(seat->job->name);
}

static json_t *role_name(const struct seat *seat)
{
    return jb_str(seat->role->name);
}

static json_t *pod_index(const struct seat *seat)
{
    return jb_fmt("%d", seat->index);
}

static json_t *replicas(const struct seat *seat)
{
    return jb_fmt("%d", seat->role->replicas);
}

static json_t *attempt(const struct seat *seat)
{
    return jb_fmt("%d", seat->job->attempt);
}

/* Each attempt but the first goes on from a checkpoint, if there is one: it failed, was stopped or was suspended. */
static json_t *resume(const struct seat *seat)
{
    return jb_str(seat->job->attempt > 1 ? "true" : "false");
}

static const struct variable identity[] = {
    { "KITAE_JOB", job_name },
    { "KITAE_ROLE", role_name },
    { "KITAE_INDEX", pod_index },
    { "KITAE_REPLICAS", replicas },
    { "KITAE_ATTEMPT", attempt },
    { "KITAE_RESUME", resume },
    { NULL, NULL },
};

static json_t *checkpoint_dir(const struct seat *seat)
{
    return jb_str(checkpoint_path(seat->job));
}

static const struct variable checkpoint[] = {
    { "KITAE_CHECKPOINT_DIR", checkpoint_dir },
    { NULL, NULL },
};

/* All tables of one container, NULL-ended. */
static void find_tables(const struct seat *seat, const json_t *own, const struct variable *ret[ALL_TABLES])
{
    *ret++ = identity;
    if (seat->job->spec->checkpoint)
        *ret++ = checkpoint;
    find_rendezvous(seat, own, ret);
}

/* KITAE_DATA_LISTINGS for the DataSet listings. */
static const char *named_variable(const struct job *job, const char *prefix, const char *name, const char *suffix)
{
    char *text = arena_printf(job->arena, "%s%s%s", prefix, name, suffix);

    for (char *at = text; *at; at++)
        *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
    return text;
}

static void add_variable(const json_t *own, json_t *env, const char *name, const char *value)
{
    if (value && !jb_named(own, name))
        jb_append(env, OBJ({ "name", jb_str(name) }, { "value", jb_str(value) }));
}

static void add_data_variables(const struct job *job, const json_t *own, json_t *env)
{
    for (int i = 0; i < job->data_count; i++)
        add_variable(
            own, env, named_variable(job, "KITAE_DATA_", job->data[i].name, ""), data_path(job, &job->data[i]));
    add_variable(own, env, "KITAE_SHARD_DIR", shard_dir(job));
}

/* Where this pod, and no other, writes what is published. */
static void add_output_variables(const struct seat *seat, const json_t *own, json_t *env)
{
    const struct output *output, *only = NULL;
    int at = 0, count = 0;

    while ((output = next_output_of(seat->job, seat->role, seat->index, &at))) {
        add_variable(
            own, env, named_variable(seat->job, "KITAE_OUTPUT_", output->name, "_DIR"), output->spec->mount_path);
        only = output;
        count++;
    }
    add_variable(own, env, "KITAE_OUTPUT_DIR", count == 1 ? only->spec->mount_path : NULL);
}

/* -- in the pod --------------------------------------------------------------------------------------------------- */

/* Ours stand first, so that $(KITAE_INDEX) and the others may be used in the template's own. */
static void add_to_container(const struct seat *seat, json_t *container)
{
    json_t *own = jb_child_array(container, "env"), *env = json_array();
    const struct variable *tables[ALL_TABLES];

    find_tables(seat, own, tables);
    for (int t = 0; tables[t]; t++)
        for (const struct variable *variable = tables[t]; variable->name; variable++)
            if (!jb_named(own, variable->name))
                jb_append(env, OBJ({ "name", jb_str(variable->name) }, { "value", variable->value(seat) }));
    add_data_variables(seat->job, own, env);
    add_output_variables(seat, own, env);
    json_array_extend(env, own);
    jb_set(container, "env", env);
}

void add_environment(const struct job *job, const struct role *role, int index, json_t *pod_spec)
{
    const struct seat seat = { job, role, index, pod_spec };

    for (int i = 0; i < 2; i++) {
        json_t *container;
        size_t at;

        json_array_foreach(json_object_get(pod_spec, container_lists[i]), at, container)
            add_to_container(&seat, container);
    }
}

/* -- what the user's own have replaced ---------------------------------------------------------------------------- */

/* "MASTER_PORT, RANK": the variables of ours that this container sets itself; NULL: none. */
static const char *overridden_names(const struct seat *seat, const json_t *container)
{
    const json_t *own = jb_get(container, "env");
    const struct variable *tables[ALL_TABLES];
    const char *text = NULL;

    find_tables(seat, own, tables);
    for (int t = 0; tables[t]; t++)
        for (const struct variable *variable = tables[t]; variable->name; variable++)
            if (jb_named(own, variable->name))
                text = text ? arena_printf(seat->job->arena, "%s, %s", text, variable->name) : variable->name;
    return text;
}

/* "RANK in container main of role worker; ...", with what a role adds. */
static const char *overridden_in_role(const struct seat *seat, const json_t *pod_spec, const char *text, int *told)
{
    for (int i = 0; i < 2; i++) {
        const json_t *containers = jb_get(pod_spec, container_lists[i]);

        for (size_t at = 0; at < json_array_size(containers); at++) {
            const json_t *container = json_array_get(containers, at);
            const char *names = overridden_names(seat, container);

            if (!names || ++*told > MAX_TOLD)
                continue;
            text = arena_printf(seat->job->arena,
                                "%s%s%s in container %.63s of role %s",
                                text,
                                *text ? "; " : "",
                                names,
                                jb_get_str(container, "name"),
                                seat->role->name);
        }
    }
    return text;
}

static const char *overridden(const struct job *job)
{
    const char *text = "";
    int told = 0;

    for (int i = 0; i < job->role_count; i++) {
        struct seat seat = { job, &job->roles[i], 0, NULL };
        struct slice template = job_template(job, seat.role);
        json_auto_t *pod = NULL;
        struct error err;

        if (!template.data || !memmem(template.data, template.length, "\"env\"", strlen("\"env\"")))
            continue; /* most templates: nothing to parse */
        if (jb_parse(template, &pod, &err) < 0)
            continue;
        seat.pod_spec = jb_get(pod, "spec");
        text = overridden_in_role(&seat, seat.pod_spec, text, &told);
    }
    return told > MAX_TOLD ? arena_printf(job->arena, "%s; and in %d containers more", text, told - MAX_TOLD) : text;
}

void say_overrides(const struct job *job, struct plan *out)
{
    static const char type[] = "EnvironmentOverridden";
    const char *text = overridden(job);

    if (*text)
        plan_condition(
            out, type, true, "TemplateWins", "The template sets variables that Kitae would set, and wins: %s", text);
    else if (was_said(job, type)) /* of a template that was corrected since */
        plan_condition(out, type, false, "NothingOverridden", "The template sets no variable that Kitae would set");
}
