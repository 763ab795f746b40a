#include "../../operator/base/jb.h"
#include "job.h"

/* The variables of a container, under way: those that its template sets itself stay as they are. */
struct variables {
    const json_t *own;
    json_t *added;
};

static void add(struct variables *env, const char *name, json_t *take_value)
{
    if (jb_named(env->own, name))
        json_decref(take_value);
    else
        jb_append(env->added, OBJ({ "name", jb_str(name) }, { "value", take_value }));
}

static void add_identity(const struct job *job, const struct role *role, int index, struct variables *env)
{
    add(env, "KITAE_JOB", jb_str(job->name));
    add(env, "KITAE_ROLE", jb_str(role->name));
    add(env, "KITAE_INDEX", jb_fmt("%d", index));
    add(env, "KITAE_REPLICAS", jb_fmt("%d", role->replicas));
    add(env, "KITAE_ATTEMPT", jb_fmt("%d", job->attempt));
}

static bool one_process_each(const struct job *job)
{
    for (int i = 0; i < job->role_count; i++)
        if (job->roles[i].in_world && job->roles[i].processes != 1)
            return false;
    return true;
}

/*
 * What torchrun reads (PET_*), and what torch.distributed reads without it. WORLD_SIZE and RANK count processes, so
 * they are true for a pod only where each pod is one process (kubeflow/trainer #1790, #1836).
 */
static void add_pytorch(const struct job *job, const struct role *role, int index, struct variables *env)
{
    const struct role *master = job_master(job);
    const char *address = arena_printf(job->arena, "%s.%s", job_pod_name(job, master, 0), job_host_service(job));
    int rank = role->first_rank + index;

    add(env, "PET_NNODES", jb_fmt("%d", job->world));
    add(env, "PET_NPROC_PER_NODE", jb_fmt("%d", role->processes));
    add(env, "PET_NODE_RANK", jb_fmt("%d", rank));
    add(env, "PET_MASTER_ADDR", jb_str(address));
    add(env, "PET_MASTER_PORT", jb_fmt("%d", MASTER_PORT));
    add(env, "MASTER_ADDR", jb_str(address));
    add(env, "MASTER_PORT", jb_fmt("%d", MASTER_PORT));
    if (!one_process_each(job))
        return;
    add(env, "WORLD_SIZE", jb_fmt("%d", job->world));
    add(env, "RANK", jb_fmt("%d", rank));
}

/* Ours stand first, so that $(KITAE_INDEX) and the others may be used in the template's own. */
static void add_to_container(const struct job *job, const struct role *role, int index, json_t *container)
{
    json_t *own = jb_child_array(container, "env");
    struct variables env = { own, json_array() };

    add_identity(job, role, index, &env);
    if (job->spec->framework == TRAININGJOB_SPEC_FRAMEWORK_PYTORCH && role->in_world)
        add_pytorch(job, role, index, &env);
    json_array_extend(env.added, own);
    jb_set(container, "env", env.added);
}

void add_environment(const struct job *job, const struct role *role, int index, json_t *pod_spec)
{
    static const char *const lists[] = { "initContainers", "containers" };

    for (int i = 0; i < 2; i++) {
        json_t *container;
        size_t at;

        json_array_foreach(json_object_get(pod_spec, lists[i]), at, container)
            add_to_container(job, role, index, container);
    }
}
