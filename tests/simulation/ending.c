/* Invariants on how everything stands when the calm has done its work. */

#include <string.h>

#include "../../operator/model/object.h"
#include "facts.h"
#include "invariants.h"
#include "kubelet.h"
#include "people.h"
#include "process.h"
#include "trees.h"
#include "world.h"

/* -- jobs --------------------------------------------------------------------------------------------------------- */

/* Does an operator with these options look at this job at all? */
static bool is_in_scope(const struct world *world, const struct thing *job)
{
    const json_t *labels = jb_get(tree_metadata(job->now->tree), "labels");

    return !(world->weather.one_namespace && strcmp(job->namespace, "red") != 0) &&
           !(world->weather.selects && strcmp(jb_get_str(labels, "team"), "ml") != 0);
}

static bool template_is_refused(const json_t *owner)
{
    return jb_get(jb_get(jb_get(jb_get(owner, "template"), "metadata"), "annotations"), ANNOTATION_REFUSED);
}

static bool is_refused(const json_t *job)
{
    const json_t *spec = jb_get(job, "spec"), *roles = jb_get(spec, "roles");

    if (fact_misses_role(job))
        return true;
    if (jb_get(spec, "progress") || json_is_true(jb_get(spec, "suspend")) || template_is_refused(spec))
        return true;
    for (size_t i = 0; i < json_array_size(roles); i++)
        if (template_is_refused(json_array_get(roles, i)))
            return true;
    return false;
}

/* A name that one of its pods needs belongs to something else. */
static bool has_lost_a_name(const struct world *world, const struct thing *job)
{
    for (const struct thing *thing = world->server.all; thing; thing = thing->next)
        if (!thing->gone && thing->resource == RESOURCE_PODS && strcmp(thing->namespace, job->namespace) == 0 &&
            strncmp(thing->name, job->name, strlen(job->name)) == 0 && thing->name[strlen(job->name)] == '-' &&
            strcmp(jb_get_str(tree_controller(thing->now->tree), "uid"), job->uid) != 0)
            return true;
    return false;
}

/* One that a stranger's finalizer keeps is as good as gone. */
static const struct thing *find_live(const struct world *world,
                                     enum resource resource,
                                     const struct thing *job,
                                     const char *name)
{
    const struct thing *thing = server_find(world, resource, job->namespace, name);

    return thing && !thing_is_deleting(thing) ? thing : NULL;
}

/* It names a DataSet that has no version, or a Model that is not there. */
static bool lacks_what_it_names(const struct world *world, const struct thing *job)
{
    const json_t *spec = jb_get(job->now->tree, "spec");
    const char *set = jb_get_str(jb_get(json_array_get(jb_get(spec, "data"), 0), "dataSetRef"), "name");
    const json_t *output = json_array_get(jb_get(spec, "outputs"), 0);
    const char *model = jb_get_str(jb_get(output, "modelRef"), "name");
    const char *made = jb_get_str(jb_get(output, "dataSetRef"), "name");
    const struct thing *data_set = find_live(world, RESOURCE_DATA_SETS, job, set);

    return (*set && (!data_set || !*jb_get_str(jb_get(data_set->now->tree, "status"), "latest"))) ||
           (*model && !find_live(world, RESOURCE_MODELS, job, model)) ||
           (*made && !find_live(world, RESOURCE_DATA_SETS, job, made));
}

static void every_job_ends(struct world *world, const struct thing *job)
{
    const json_t *tree = job->now->tree;

    if (fact_is_terminal(tree) || is_refused(tree) || has_lost_a_name(world, job) || lacks_what_it_names(world, job) ||
        strcmp(fact_phase(tree), "Suspended") == 0)
        return;
    BROKEN(world, "%s is %s: %.300s", job->name, fact_phase(tree), jb_get_str(jb_get(tree, "status"), "message"));
}

static void nothing_runs_on(struct world *world, const struct thing *job)
{
    if (strcmp(jb_get_str(jb_get(job->now->tree, "spec"), "cleanPodPolicy"), "None") == 0)
        return;
    for (const struct life *life = world->lives; life && fact_is_terminal(job->now->tree); life = life->next)
        if (strcmp(life->job_uid, job->uid) == 0 && !life->thing->gone && !fact_is_invisible(life->thing) &&
            !fact_pod_is_over(life->thing->now->tree))
            BROKEN(world, "%s has ended, and %s lives on", job->name, life->thing->name);
}

static void suspended_jobs_rest(struct world *world, const struct thing *job)
{
    const json_t *tree = job->now->tree;
    bool suspended = strcmp(fact_phase(tree), "Suspended") == 0;

    if (suspended != json_is_true(jb_get(jb_get(tree, "spec"), "suspend")) && !fact_is_terminal(tree) &&
        !is_refused(tree))
        BROKEN(world, "%s is %s", job->name, fact_phase(tree));
    for (const struct life *life = world->lives; life && suspended; life = life->next)
        if (strcmp(life->job_uid, job->uid) == 0 && !life->thing->gone && !fact_is_invisible(life->thing))
            BROKEN(world, "%s is suspended, and %s is there", job->name, life->thing->name);
}

static void jobs_go_in_time(struct world *world, const struct thing *job)
{
    if (fact_ttl_is_over(world, job->now->tree))
        BROKEN(world, "%s has ended, its TTL is over, and it is still there", job->name);
}

/* -- counts ------------------------------------------------------------------------------------------------------- */

static int count_live(const struct world *world, const struct thing *job, const char *role)
{
    int count = 0;

    for (const struct life *life = world->lives; life; life = life->next)
        count += strcmp(life->job_uid, job->uid) == 0 && strcmp(life->role, role) == 0 && !life->thing->gone &&
                 !fact_is_invisible(life->thing) && !fact_pod_is_over(life->thing->now->tree);
    return count;
}

static void counts_are_true(struct world *world, const struct thing *job)
{
    const json_t *tree = job->now->tree, *status = jb_get(tree, "status"), *roles = jb_get(status, "roles");

    if (jb_get_int(status, "observedGeneration", -1) != jb_get_int(tree_metadata(tree), "generation", 0))
        BROKEN(world, "the status of %s is about an older generation", job->name);
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const json_t *role = json_array_get(roles, i);
        const char *name = jb_get_str(role, "name");
        int live = count_live(world, job, name), said = (int)jb_get_int(role, "active", 0);

        if (live != said && !fact_is_terminal(tree))
            BROKEN(world,
                   "the status of %s counts %d live pods of role %s, and there are %d",
                   job->name,
                   said,
                   name,
                   live);
    }
}

/* -- what is left ------------------------------------------------------------------------------------------------- */

/* Something in there waits for a pod that nobody can see; uid NULL: any owner. */
static bool holds_invisible(const struct world *world, const char *namespace, const char *uid)
{
    for (size_t i = 0; i < world->server.counts[RESOURCE_PODS]; i++) {
        const struct thing *pod = world->server.things[RESOURCE_PODS][i];

        if (fact_is_invisible(pod) && strcmp(pod->namespace, namespace) == 0 &&
            (!uid || strcmp(jb_get_str(tree_controller(pod->now->tree), "uid"), uid) == 0))
            return true;
    }
    return false;
}

/* A job that left the operator's selector is let go, and its children with it. */
static bool owned_out_of_scope(const struct world *world, const struct thing *thing)
{
    const struct thing *job = fact_owner(world, thing->now->tree);

    return job && !is_in_scope(world, job);
}

static void no_stuck_finalizers(struct world *world, const struct thing *thing)
{
    const json_t *labels = jb_get(tree_metadata(thing->now->tree), "labels");
    const char *owner = jb_get_str(tree_controller(thing->now->tree), "uid");

    if (owned_out_of_scope(world, thing))
        return;
    if (thing->resource == RESOURCE_JOBS ? holds_invisible(world, thing->namespace, thing->uid)
                                         : fact_is_invisible(thing))
        return;
    if (thing_is_deleting(thing)) {
        BROKEN(world, "%s %s is still being deleted", resource_info(thing->resource)->plural, thing->name);
        return;
    }
    if (!fact_has_finalizer(thing->now->tree, FINALIZER_RECORD))
        return;
    if (!*owner)
        owner = jb_get_str(labels, LABEL_OWNER_UID);
    if (!server_find_uid(world, RESOURCE_JOBS, owner))
        BROKEN(world, "%s carries our finalizer, and its owner is gone", thing->name);
}

static void foreign_things_stay(struct world *world, const struct thing *thing)
{
    if (!thing->as_made || server_namespace(world, thing->namespace)->terminating)
        return;
    if (thing->gone || strcmp(snapshot_text(thing->now), thing->as_made) != 0)
        BROKEN(world, "%s %s is not what it was", resource_info(thing->resource)->plural, thing->name);
}

static void namespaces_end(struct world *world)
{
    for (size_t i = 0; i < NAMESPACES; i++)
        if (world->server.namespaces[i].terminating && !world->server.namespaces[i].gone &&
            !holds_invisible(world, world->server.namespaces[i].name, NULL))
            world_broken(
                world, "no_stuck_finalizers", "namespace %s is still being deleted", world->server.namespaces[i].name);
}

/* -- processes ---------------------------------------------------------------------------------------------------- */

static void calm_is_noticed(struct world *world)
{
    unsigned leaders = 0;

    for (unsigned i = 0; i < MAX_PROCESSES; i++) {
        const struct process *process = world->processes[i];

        if (!process)
            continue;
        if (!process->engine || !engine_is_ready(process->engine))
            BROKEN(world,
                   "%s is not ready: %s",
                   process->identity,
                   process->engine ? engine_unready_reason(process->engine) : "it does not run");
        leaders += process->engine && engine_is_leader(process->engine);
    }
    if (leaders != 1)
        BROKEN(world, "%u processes may write", leaders);
}

void ending_check(struct world *world)
{
    const struct server *server = &world->server;

    for (size_t i = 0; i < server->counts[RESOURCE_JOBS]; i++) {
        const struct thing *job = server->things[RESOURCE_JOBS][i];

        if (!is_in_scope(world, job) || thing_is_deleting(job))
            continue;
        every_job_ends(world, job);
        jobs_go_in_time(world, job);
        nothing_runs_on(world, job);
        suspended_jobs_rest(world, job);
        counts_are_true(world, job);
    }
    for (const struct thing *thing = server->all; thing; thing = thing->next) {
        foreign_things_stay(world, thing);
        if (!thing->gone && thing->resource <= RESOURCE_LAST_CHILD &&
            !(world->weather.one_namespace && strcmp(thing->namespace, "red") != 0))
            no_stuck_finalizers(world, thing);
    }
    if (!world->weather.one_namespace)
        namespaces_end(world);
    calm_is_noticed(world);
}
