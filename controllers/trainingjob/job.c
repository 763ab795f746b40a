#include "job.h"

#include <string.h>

#include "mpi.h"
#include "processes.h"

const char *job_host_service(const struct job *job)
{
    return arena_printf(job->arena, "%s-hosts", job->name);
}

const char *job_pod_name(const struct job *job, const struct role *role, int index)
{
    return arena_printf(job->arena, "%s-%s-%d", job->name, role->name, index);
}

struct slice job_template(const struct job *job, const struct role *role)
{
    return role->spec->template.data ? role->spec->template : job->spec->template;
}

bool has_pods(const struct job *job)
{
    return job->attempt > 1 || job->missing < job->desired;
}

int pods_left(const struct job *job)
{
    struct objects pods = job->in->children[KIND_POD];
    int left = 0;

    for (size_t i = 0; i < pods.count; i++)
        left += !pod_is_over(pods.items[i]);
    return left;
}

bool was_said(const struct job *job, const char *condition)
{
    for (size_t i = 0; i < job->status->conditions_count; i++)
        if (strcmp(job->status->conditions[i].type, condition) == 0)
            return true;
    return false;
}

bool place_has_succeeded(const struct place *place)
{
    return place->recorded || (place->pod && place->pod->pod.phase == POD_SUCCEEDED && !place->stopped);
}

bool pod_is_over(const struct object *pod)
{
    return pod->pod.phase == POD_SUCCEEDED || pod->pod.phase == POD_FAILED;
}

bool pod_never_ran(const struct object *pod)
{
    return pod->deleted_at && pod->pod.phase == POD_PENDING && !*pod->pod.node;
}

int64_t pod_hangs_at(const struct object *pod)
{
    return pod->deleted_at && !pod_is_over(pod) && *pod->pod.node ? pod->deleted_at + SILENT_AFTER : INT64_MAX;
}

static const struct trainingjob_status_roles *recorded_role(const struct trainingjob_status *status, const char *name)
{
    for (size_t i = 0; i < status->roles_count; i++)
        if (strcmp(status->roles[i].name, name) == 0)
            return &status->roles[i];
    return NULL;
}

static void init_role(struct job *job, const struct trainingjob_spec_roles *spec)
{
    struct role *role = &job->roles[job->role_count];

    *role = (struct role){ .spec = spec, .name = spec->name, .order = job->role_count };
    role->replicas = spec->has_replicas ? (int)spec->replicas : 1;
    role->status = recorded_role(job->status, spec->name);
    role->created = role->status && role->status->created;
    role->places = arena_alloc(job->arena, (size_t)role->replicas * sizeof(*role->places));
    role->processes = processes_per_replica(job, role);
    if (role->status && role->status->succeeded_indexes)
        intervals_parse(role->status->succeeded_indexes, role->places, role->replicas);
    job->desired += role->replicas;
    job->role_count++;
}

struct role *find_role(const struct job *job, const char *name)
{
    for (int i = 0; i < job->role_count; i++)
        if (strcmp(job->roles[i].name, name) == 0)
            return (struct role *)&job->roles[i];
    return NULL;
}

static void join_world(struct job *job, struct role *role)
{
    if (!role)
        return;
    role->in_world = true;
    role->first_rank = job->world;
    job->world += role->replicas;
}

/* TensorFlow's chief was called master once, and still is in many a TFJob. */
static struct role *find_chief(struct job *job)
{
    struct role *chief = find_role(job, "chief");

    return chief || job->spec->framework != TRAININGJOB_SPEC_FRAMEWORK_TENSORFLOW ? chief : find_role(job, "master");
}

/* Ranks are dense over chief and worker; a job with neither has all its roles in the world, as listed. */
static void init_world(struct job *job)
{
    join_world(job, find_chief(job));
    join_world(job, find_role(job, "worker"));
    for (int i = 0; !job->world && i < job->role_count; i++)
        job->roles[i].in_world = true;
    for (int i = 0; i < job->role_count && !find_chief(job) && !find_role(job, "worker"); i++)
        join_world(job, &job->roles[i]);
}

const struct role *job_master(const struct job *job)
{
    for (int i = 0; i < job->role_count; i++)
        if (job->roles[i].in_world && job->roles[i].first_rank == 0)
            return &job->roles[i];
    return &job->roles[0];
}

static void place_pod(struct job *job, const struct object *pod)
{
    struct role *role = find_role(job, pod->role);

    if (!role || pod->attempt != job->attempt || pod->index < 0 || pod->index >= role->replicas)
        return;
    role->places[pod->index].pod = pod;
    role->places[pod->index].stopped = was_suspended(job);
}

struct place *find_place(const struct job *job, const char *name, int64_t index)
{
    const struct role *role = find_role(job, name);

    return role && index >= 0 && index < role->replicas ? &role->places[index] : NULL;
}

static void count_place(struct role *role, const struct place *place)
{
    const struct object *pod = place->pod;

    if (place_has_succeeded(place)) {
        role->succeeded++;
    } else if (!pod || pod_never_ran(pod) || place->replaced || place->to_replace) {
        role->missing++;
    } else if (pod_is_over(pod)) {
        role->failed++;
    } else {
        role->active++;
        role->running += pod->pod.phase == POD_RUNNING;
        role->leaving += pod->deleted_at != 0;
        role->ready += pod->pod.ready && !pod->deleted_at;
    }
}

static void count_pods(struct job *job)
{
    for (int i = 0; i < job->role_count; i++) {
        struct role *role = &job->roles[i];

        for (int index = 0; index < role->replicas; index++)
            count_place(role, &role->places[index]);
        role->created |= !role->missing;
        job->active += role->active;
        job->ready += role->ready;
        job->running += role->running;
        job->leaving += role->leaving;
        job->succeeded += role->succeeded;
        job->missing += role->missing;
    }
}

static bool condition_is_true(const struct trainingjob_status *status, const char *type)
{
    for (size_t i = 0; i < status->conditions_count; i++)
        if (strcmp(status->conditions[i].type, type) == 0)
            return status->conditions[i].status == TRAININGJOB_STATUS_CONDITIONS_STATUS_TRUE;
    return false;
}

static void hold_role(struct job *job, struct role *role, const struct trainingjob_spec_roles_depends_on *on)
{
    const struct role *needed = find_role(job, on->role);
    bool ready = on->status != TRAININGJOB_SPEC_ROLES_DEPENDS_ON_STATUS_COMPLETE;

    if (needed && needed->succeeded + (ready ? needed->ready : 0) < needed->replicas && !role->waits_on)
        role->waits_on = on;
}

/* A role whose first pod is made waits no more: what it needed was there. */
static void hold_roles(struct job *job)
{
    for (int i = 0; i < job->role_count; i++) {
        struct role *role = &job->roles[i];
        size_t count = role->spec->depends_on_count;
        const struct trainingjob_spec_roles_depends_on *on = count ? role->spec->depends_on : NULL;

        if (!count && is_launcher(job, role)) {
            on = launcher_waits;
            count = LAUNCHER_WAITS;
        }
        for (size_t d = 0; d < count && role->missing == role->replicas; d++)
            hold_role(job, role, &on[d]);
    }
}

bool waits_in_vain(const struct job *job, const struct role *role)
{
    const struct role *needed = role->waits_on ? find_role(job, role->waits_on->role) : NULL;

    return needed && needed->failed > 0;
}

/* A decision once recorded stands, whatever the pods look like later. */
static void judge(struct job *job)
{
    const struct trainingjob_status *status = job->status;
    bool completing = status->phase == TRAININGJOB_STATUS_PHASE_COMPLETING;

    job->finished = condition_is_true(status, "Complete") || condition_is_true(status, "Failed");
    job->outcome_recorded = completing || job->finished;
    if (job->outcome_recorded ? !failure_is_recorded(job) : status->start_time && job_has_succeeded(job)) {
        job->outcome = OUTCOME_SUCCEEDED; /* what the other roles do when the work is done is no failure */
        return;
    }
    if (job->outcome_recorded)
        job->blame = job->told;
    else if (!attempt_is_suspended(&job->attempts[job->attempt_count - 1]))
        find_blame(job);
    if (!job->blame.role) {
        decide_suspension(job);
        return;
    }
    job->outcome = OUTCOME_FAILED;
    job->told = job->blame;
    if (job->outcome_recorded)
        job->spent = restarts_are_spent(job);
    else
        decide_restart(job);
}

void count_again(struct job *job)
{
    job->active = job->ready = job->running = job->leaving = job->succeeded = job->missing = 0;
    for (int i = 0; i < job->role_count; i++) {
        struct role *role = &job->roles[i];

        role->active = role->ready = role->running = role->leaving = role->succeeded = role->failed = role->missing = 0;
    }
    count_pods(job);
    hold_roles(job);
}

void job_next_attempt(struct job *job)
{
    job->attempt++;
    job->replacing_count = 0;
    for (int i = 0; i < job->role_count; i++) {
        struct role *role = &job->roles[i];

        role->status = NULL;
        role->created = false;
        memset(role->places, 0, (size_t)role->replicas * sizeof(*role->places));
    }
    count_again(job);
}

void job_init(struct job *job, const struct observed *in)
{
    struct objects pods = in->children[KIND_POD];

    *job = (struct job){ .in = in, .spec = in->spec, .status = in->status, .arena = in->arena, .name = in->self->name };
    job->suspended = job->status->suspended_seconds;
    job->accelerator_seconds = job->status->accelerator_seconds;
    job->attempt = job->status->has_attempt && job->status->attempt > 0 ? (int)job->status->attempt : 1;
    for (size_t i = 0; i < job->spec->roles_count && job->role_count < MAX_ROLES; i++)
        init_role(job, &job->spec->roles[i]);
    init_world(job);
    for (size_t i = 0; i < pods.count; i++)
        place_pod(job, pods.items[i]);
    read_replacing(job);
    count_pods(job);
    hold_roles(job);
    init_success(job);
    read_attempts(job);
    read_told_blame(job);
    judge(job);
    if (!job->accelerators_counted && !job->outcome_recorded && !was_suspended(job))
        count_accelerators(job, job->outcome == OUTCOME_SUCCEEDED);
    find_data(job);
    find_outputs(job);
}
