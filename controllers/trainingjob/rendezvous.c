#include <string.h>

#include "../../operator/base/jb.h"
#include "environment.h"
#include "mpi.h"

/* -- values ------------------------------------------------------------------------------------------------------- */

static const char *master_host(const struct job *job)
{
    return arena_printf(job->arena, "%s.%s", job_pod_name(job, job_master(job), 0), job_host_service(job));
}

static int rank_of(const struct seat *seat)
{
    return seat->role->first_rank + seat->index;
}

static json_t *nodes(const struct seat *seat)
{
    return jb_fmt("%d", seat->job->world);
}

static json_t *rank(const struct seat *seat)
{
    return jb_fmt("%d", rank_of(seat));
}

static json_t *processes(const struct seat *seat)
{
    return jb_fmt("%d", seat->role->processes);
}

static json_t *master_address(const struct seat *seat)
{
    return jb_str(master_host(seat->job));
}

static json_t *master_port(const struct seat *seat)
{
    (void)seat;
    return jb_fmt("%d", MASTER_PORT);
}

static int processes_in(const struct role *role)
{
    return role->replicas * role->processes;
}

static json_t *all_processes(const struct seat *seat)
{
    int count = 0;

    for (int i = 0; i < seat->job->role_count; i++)
        if (seat->job->roles[i].in_world)
            count += processes_in(&seat->job->roles[i]);
    return jb_fmt("%d", count);
}

/* Of the pod's first process, where processes are counted; what starts more in a pod counts on from it. */
static json_t *first_process(const struct seat *seat)
{
    int number = seat->index * seat->role->processes;

    for (int i = 0; i < seat->job->role_count; i++)
        if (seat->job->roles[i].in_world && seat->job->roles[i].first_rank < seat->role->first_rank)
            number += processes_in(&seat->job->roles[i]);
    return jb_fmt("%d", number);
}

/* "train-worker-0.train-hosts:29500" */
static json_t *master_endpoint(const struct seat *seat)
{
    return jb_fmt("%s:%d", master_host(seat->job), MASTER_PORT);
}

/* -- PyTorch ------------------------------------------------------------------------------------------------------ */

/* What torchrun reads (PET_*), and what torch.distributed reads without it. */
static const struct variable pytorch[] = {
    { "PET_NNODES", nodes },
    { "PET_NPROC_PER_NODE", processes },
    { "PET_NODE_RANK", rank },
    { "PET_MASTER_ADDR", master_address },
    { "PET_MASTER_PORT", master_port },
    { "MASTER_ADDR", master_address },
    { "MASTER_PORT", master_port },
    { NULL, NULL },
};

/*
 * WORLD_SIZE and RANK count processes, so they are true for a pod only where each pod is one process
 * (kubeflow/trainer #1790, #1836).
 */
static const struct variable pytorch_ranks[] = {
    { "WORLD_SIZE", nodes },
    { "RANK", rank },
    { NULL, NULL },
};

static bool one_process_each(const struct job *job)
{
    for (int i = 0; i < job->role_count; i++)
        if (job->roles[i].in_world && job->roles[i].processes != 1)
            return false;
    return true;
}

/* No pod may meet one of another attempt. */
static json_t *c10d_id(const struct seat *seat)
{
    return jb_fmt("%s-%d", seat->job->name, seat->job->attempt);
}

/* Else torchrun finds out by looking its own name up, which may fail in the first seconds of a pod. */
static json_t *c10d_conf(const struct seat *seat)
{
    return jb_str(rank_of(seat) == 0 ? "is_host=true" : "is_host=false");
}

/*
 * For torchrun's c10d backend. Only where the template asks for it: the static backend, which is torchrun's default,
 * would take the endpoint before a --master-port of the user's.
 */
static const struct variable pytorch_c10d[] = {
    { "PET_RDZV_ENDPOINT", master_endpoint },
    { "PET_RDZV_ID", c10d_id },
    { "PET_RDZV_CONF", c10d_conf },
    { NULL, NULL },
};

static const struct variable **find_pytorch(const struct job *job, const json_t *own, const struct variable **ret)
{
    *ret++ = pytorch;
    if (one_process_each(job))
        *ret++ = pytorch_ranks;
    if (strcmp(jb_get_str(jb_named(own, "PET_RDZV_BACKEND"), "value"), "c10d") == 0)
        *ret++ = pytorch_c10d;
    return ret;
}

/* -- TensorFlow --------------------------------------------------------------------------------------------------- */

static const struct variable tensorflow[] = {
    { "TF_CONFIG", tf_config },
    { NULL, NULL },
};

/* -- JAX ---------------------------------------------------------------------------------------------------------- */

/* What jax.distributed.initialize() reads. */
static const struct variable jax[] = {
    { "JAX_COORDINATOR_ADDRESS", master_endpoint },
    { "JAX_NUM_PROCESSES", all_processes },
    { "JAX_PROCESS_ID", first_process },
    { NULL, NULL },
};

/* -- XGBoost ------------------------------------------------------------------------------------------------------ */

/* Where process 0 runs the tracker, and how many come to it: each process uses one accelerator. */
static const struct variable xgboost[] = {
    { "DMLC_TRACKER_URI", master_address },
    { "DMLC_TRACKER_PORT", master_port },
    { "DMLC_NUM_WORKER", all_processes },
    { "DMLC_TASK_ID", first_process },
    { NULL, NULL },
};

/* -- which -------------------------------------------------------------------------------------------------------- */

void find_rendezvous(const struct seat *seat, const json_t *own, const struct variable *ret[MAX_TABLES])
{
    const struct job *job = seat->job;

    switch (job->spec->framework) {
    case TRAININGJOB_SPEC_FRAMEWORK_PYTORCH:
        if (seat->role->in_world)
            ret = find_pytorch(job, own, ret);
        break;
    case TRAININGJOB_SPEC_FRAMEWORK_TENSORFLOW:
        if (has_tf_config(job, seat->role))
            *ret++ = tensorflow;
        break;
    case TRAININGJOB_SPEC_FRAMEWORK_JAX:
        if (seat->role->in_world)
            *ret++ = jax;
        break;
    case TRAININGJOB_SPEC_FRAMEWORK_XGBOOST:
        if (seat->role->in_world)
            *ret++ = xgboost;
        break;
    case TRAININGJOB_SPEC_FRAMEWORK_MPI:
        if (is_launcher(job, seat->role))
            *ret++ = mpi_variables;
        if (is_launcher(job, seat->role) && has_own_network(seat))
            *ret++ = mpi_interface;
        break;
    default:
        break;
    }
    *ret = NULL;
}
