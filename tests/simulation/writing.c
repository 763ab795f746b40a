/* Invariants on what the operator makes, changes and deletes. */

#include <string.h>

#include "../../operator/base/memory.h"
#include "../../operator/model/object.h"
#include "facts.h"
#include "invariants.h"
#include "kubelet.h"
#include "process.h"
#include "trees.h"
#include "world.h"

static bool is_new_pod(const struct change *change)
{
    return change->thing->resource == RESOURCE_PODS && !change->before;
}

/* What a new pod says it is: kubelet_added has not seen it yet. */
struct place {
    const char *job_uid, *role;
    int index, attempt;
};

static struct place place_of(const json_t *pod)
{
    const json_t *labels = jb_get(tree_metadata(pod), "labels");

    return (struct place){ jb_get_str(tree_controller(pod), "uid"),
                           jb_get_str(labels, LABEL_ROLE),
                           atoi(jb_get_str(labels, LABEL_INDEX)),
                           atoi(jb_get_str(labels, LABEL_ATTEMPT)) };
}

static bool lives_on(const struct life *life)
{
    return !life->thing->gone && !fact_pod_is_over(life->thing->now->tree);
}

static void one_pod_per_place(struct world *world, const struct change *change, const struct place *place)
{
    for (const struct life *life = world->lives; life; life = life->next)
        if (lives_on(life) && life->index == place->index && strcmp(life->role, place->role) == 0 &&
            strcmp(life->job_uid, place->job_uid) == 0)
            BROKEN(world,
                   "%s is made while %s lives in %s-%d",
                   change->thing->name,
                   life->thing->name,
                   place->role,
                   place->index);
}

static void attempts_do_not_mix(struct world *world, const struct change *change, const struct place *place)
{
    for (const struct life *life = world->lives; life; life = life->next)
        if (!life->thing->gone && !life->was_invisible && life->attempt != place->attempt &&
            strcmp(life->job_uid, place->job_uid) == 0)
            BROKEN(world,
                   "%s of attempt %d is made while %s of attempt %d is there",
                   change->thing->name,
                   place->attempt,
                   life->thing->name,
                   life->attempt);
}

static void no_more_than_wanted(struct world *world,
                                const struct change *change,
                                const struct place *place,
                                const json_t *job)
{
    int live = 1;

    if (place->index >= fact_replicas(job, place->role))
        BROKEN(world,
               "%s is made, but role '%s' has %d replicas",
               change->thing->name,
               place->role,
               fact_replicas(job, place->role));
    for (const struct life *life = world->lives; life; life = life->next)
        live += lives_on(life) && strcmp(life->job_uid, place->job_uid) == 0;
    if (live > fact_total_replicas(job))
        BROKEN(world, "%s is pod number %d of %d", change->thing->name, live, fact_total_replicas(job));
}

static void nothing_is_made_twice(struct world *world,
                                  const struct change *change,
                                  const struct place *place,
                                  const json_t *job)
{
    const struct life *life = life_of(world, place->job_uid, place->role, place->index);

    if (life && !fact_is_replaced(job, place->role, place->index, life->thing->uid) &&
        life->attempt == place->attempt && life->node >= 0 && !life->stripped)
        BROKEN(
            world, "%s is made again: its first pod of attempt %d came to a node", change->thing->name, place->attempt);
}

static void success_is_never_repeated(struct world *world,
                                      const struct change *change,
                                      const struct place *place,
                                      const json_t *job)
{
    if (fact_success_is_recorded(job, place->role, place->index))
        BROKEN(world, "%s is made, but its success is recorded", change->thing->name);
}

/* The name of the Secret that a pod has as a volume; "" when it has none. */
static bool ever_was(const struct world *world, enum resource resource, const char *name, const char *job_uid)
{
    for (const struct thing *thing = world->server.all; thing; thing = thing->next)
        if (thing->resource == resource && strcmp(thing->name, name) == 0 &&
            strcmp(jb_get_str(tree_controller(thing->now->tree), "uid"), job_uid) == 0)
            return true;
    return false;
}

/* What a pod's volumes are made of. That it went since is somebody else's doing. */
static void keys_come_first(struct world *world, const struct change *change, const struct place *place)
{
    const json_t *volumes = jb_get(jb_get(change->after->tree, "spec"), "volumes");
    const char *secret = jb_get_str(jb_get(jb_named(volumes, "kitae-mpi"), "secret"), "secretName");
    const char *claim = jb_get_str(jb_get(jb_named(volumes, "kitae-checkpoint"), "persistentVolumeClaim"), "claimName");

    if (*secret && !ever_was(world, RESOURCE_SECRETS, secret, place->job_uid))
        BROKEN(world, "%s is made, but its Secret %s never was", change->thing->name, secret);
    if (*claim && !ever_was(world, RESOURCE_CLAIMS, claim, place->job_uid))
        BROKEN(world, "%s is made, but its claim %s never was", change->thing->name, claim);
}

/* -- say, then do ------------------------------------------------------------------------------------------------- */

/* What a process had sent when it was killed can land after its successor said more. */
static bool sender_is_gone(const struct world *world)
{
    for (unsigned i = 0; i < MAX_PROCESSES; i++) {
        const struct process *process = world->processes[i];

        if (process && process->engine && strcmp(process->identity, world->server.sender) == 0)
            return false;
    }
    return true;
}

static bool is_replaced(const struct change *change, const json_t *job)
{
    struct place place = place_of(change->before->tree);

    return fact_is_replaced(job, place.role, place.index, change->thing->uid);
}

static void said_before_done(struct world *world, const struct change *change, const json_t *job)
{
    const json_t *status = jb_get(job, "status");

    if (!change->before) {
        struct place place = place_of(change->after->tree);
        int64_t attempt = jb_get_int(status, "attempt", 0);

        if (fact_attempt_is_suspended(job) && !sender_is_gone(world))
            BROKEN(world,
                   "%s is made, but the status says that attempt %d is suspended",
                   change->thing->name,
                   place.attempt);
        if (!jb_get(status, "startTime") ||
            (attempt != place.attempt && (attempt < place.attempt || !sender_is_gone(world))))
            BROKEN(world,
                   "%s is made, but the status does not say that attempt %d has begun",
                   change->thing->name,
                   place.attempt);
    } else if (!fact_outcome_is_recorded(job) && !fact_attempt_is_suspended(job) && !is_replaced(change, job) &&
               place_of(change->before->tree).attempt >= fact_attempt(job)) {
        BROKEN(world, "%s is deleted, but the status does not say why", change->thing->name);
    }
}

static bool is_deletion(const struct change *change)
{
    return change->before && !jb_get(tree_metadata(change->before->tree), "deletionTimestamp") &&
           (change->removed || jb_get(tree_metadata(change->after->tree), "deletionTimestamp"));
}

/* -- outcomes ----------------------------------------------------------------------------------------------------- */

static bool outcome_is_safe(const struct change *change, const json_t *job)
{
    const json_t *pod = change->before->tree;
    struct place place = place_of(pod);

    if (fact_outcome_is_recorded(job) || place.attempt < fact_attempt(job) ||
        place.index >= fact_replicas(job, place.role))
        return true;
    if (fact_is_replaced(job, place.role, place.index, change->thing->uid))
        return true;
    if (fact_attempt_is_suspended(job) && jb_get(tree_metadata(pod), "deletionTimestamp"))
        return true;            /* stopped, as the status says */
    if (!fact_pod_is_over(pod)) /* it never came to a node, and never will */
        return jb_get(tree_metadata(pod), "deletionTimestamp") && !*jb_get_str(jb_get(pod, "spec"), "nodeName");
    return strcmp(fact_phase(pod), "Succeeded") == 0 && fact_success_is_recorded(job, place.role, place.index);
}

static bool is_wanted(struct world *world, const struct thing *job)
{
    return job && !thing_is_deleting(job) && !server_namespace(world, job->namespace)->terminating;
}

static void outcomes_are_not_lost(struct world *world, const struct change *change, const struct thing *job)
{
    if (!fact_has_finalizer(change->before->tree, FINALIZER_RECORD) ||
        fact_has_finalizer(change->after->tree, FINALIZER_RECORD))
        return;
    if (is_wanted(world, job) && !outcome_is_safe(change, job->now->tree))
        BROKEN(world,
               "%s (%s) loses our finalizer, and its outcome is not in the status",
               change->thing->name,
               fact_phase(change->before->tree));
}

/* -- what is not ours --------------------------------------------------------------------------------------------- */

/* The tree without what the operator may change in an object of this kind. */
static json_t *without_our_part(const struct thing *thing, const json_t *tree)
{
    json_t *rest = tree_edit(tree), *metadata = tree_part(rest, "metadata"), *labels = tree_part(metadata, "labels");

    jb_set(metadata, "resourceVersion", NULL);
    jb_set(metadata, "generation", NULL); /* a deletion is one more */
    jb_set(metadata, "deletionTimestamp", NULL);
    jb_set(metadata, "deletionGracePeriodSeconds", NULL);
    if (resource_is_custom(thing->resource)) {
        jb_set(metadata, "finalizers", tree_array_without(jb_get(metadata, "finalizers"), FINALIZER_IN_USE));
        jb_set(rest, "status", NULL);
        return rest;
    }
    jb_set(labels, LABEL_MANAGED_BY, NULL);
    jb_set(labels, LABEL_OWNER_UID, NULL);
    if (thing->resource == RESOURCE_PODS)
        jb_set(metadata, "finalizers", tree_array_without(jb_get(metadata, "finalizers"), FINALIZER_RECORD));
    if (thing->resource != RESOURCE_PODS) {
        jb_set(rest, "spec", NULL);
        jb_set(metadata, "annotations", NULL);
        jb_set(metadata, "labels", NULL);
    }
    return rest;
}

/* By owner, by label, or by the finalizer that we may take off an orphan. A DataSet's claim has no owner: it stays. */
static bool has_our_owner(const json_t *tree)
{
    const char *kind = jb_get_str(tree_controller(tree), "kind");

    return strcmp(kind, "TrainingJob") == 0 || strcmp(kind, "ServingEndpoint") == 0;
}

static bool looks_like_ours(const struct world *world, const struct thing *thing, const json_t *tree)
{
    const json_t *labels = jb_get(tree_metadata(tree), "labels");

    if (resource_is_custom(thing->resource) || thing->resource > RESOURCE_LAST_CHILD)
        return true;
    return !thing->as_made &&
           (server_owner(world, tree) || has_our_owner(tree) || *jb_get_str(labels, LABEL_OWNER_UID) ||
            *jb_get_str(labels, "kitae.dev/dataset") || fact_has_finalizer(tree, FINALIZER_RECORD));
}

static void foreign_things_stay(struct world *world, const struct change *change)
{
    const struct thing *thing = change->thing;
    json_auto_t *before = NULL, *after = NULL;

    if (!looks_like_ours(world, thing, change->before ? change->before->tree : change->after->tree))
        BROKEN(world, "%s %s is not ours, and is written", resource_info(thing->resource)->plural, thing->name);
    if (resource_is_custom(thing->resource) && !change->before)
        BROKEN(world, "%s %s is made by the operator", resource_info(thing->resource)->plural, thing->name);
    if (!change->before || (thing->resource > RESOURCE_LAST_CHILD && !resource_is_custom(thing->resource)))
        return;
    before = without_our_part(thing, change->before->tree);
    after = without_our_part(thing, change->after->tree);
    if (!json_equal(before, after))
        BROKEN(world, "more of %s %s is changed than is our part", resource_info(thing->resource)->plural, thing->name);
}

static void jobs_go_in_time(struct world *world, const struct change *change)
{
    if (!fact_ttl_is_over(world, change->before->tree))
        BROKEN(world, "%s is deleted, but has not ended, or its TTL is not over", change->thing->name);
}

/* -- all of them -------------------------------------------------------------------------------------------------- */

static void check_new_pod(struct world *world, const struct change *change, const struct thing *job)
{
    struct place place = place_of(change->after->tree);

    one_pod_per_place(world, change, &place);
    if (!is_wanted(world, job))
        return; /* of a job that has just gone: the garbage collector's */
    success_is_never_repeated(world, change, &place, job->now->tree);
    nothing_is_made_twice(world, change, &place, job->now->tree);
    keys_come_first(world, change, &place);
    attempts_do_not_mix(world, change, &place);
    no_more_than_wanted(world, change, &place, job->now->tree);
    said_before_done(world, change, job->now->tree);
}

void writing_on_change(struct world *world, const struct change *change)
{
    const struct thing *job = fact_owner(world, change->after->tree);

    foreign_things_stay(world, change);
    if (change->thing->resource == RESOURCE_JOBS && is_deletion(change))
        jobs_go_in_time(world, change);
    if (change->thing->resource != RESOURCE_PODS)
        return;
    if (is_new_pod(change))
        check_new_pod(world, change, job);
    else
        outcomes_are_not_lost(world, change, job);
    if (is_deletion(change) && job && !thing_is_deleting(job))
        said_before_done(world, change, job->now->tree);
}
