#include "invariants.h"

#include <string.h>

#include "facts.h"
#include "process.h"
#include "rollouts.h"
#include "stores.h"
#include "trees.h"
#include "world.h"

enum { MINUTE = 60000, REQUESTS_A_MINUTE = 600, STEPS_A_MINUTE = 6000 };

const struct invariant invariants[] = {
    { "requests_are_understood", "Every request and watch is one that a real API server understands" },
    { "no_hot_loop", "No process sends or does more in a minute than the work of a minute can ask for" },
    { "writes_hold_the_lease", "With leader election, what lands was sent by the holder of the lease" },
    { "one_pod_per_place", "Two pods of one job never live in one place (role and index)" },
    { "attempts_do_not_mix", "A pod of an attempt is made when all of the attempt before are gone" },
    { "no_more_than_wanted", "A job never has more live pods than its spec wants, nor one its spec does not name" },
    { "nothing_is_made_twice", "A place of an attempt whose pod came to a node gets no second pod" },
    { "keys_come_first", "A pod that needs a Secret is made when the Secret was" },
    { "secrets_are_only_made", "Of Secrets the operator asks for nothing but new ones" },
    { "success_is_never_repeated", "A success that is recorded is not run again" },
    { "foreign_things_stay", "What is not ours is never written, nor more of what is ours than is our part" },
    { "said_before_done", "Pods are made and stopped only after the status has said so" },
    { "outcomes_are_not_lost", "A pod loses our finalizer only when its outcome is in the status, or nobody wants it" },
    { "status_loses_nothing", "A decision that the status holds is never taken back" },
    { "verdicts_are_true",
      "A job is judged as its pods ended: success by its policy, failure by a pod that failed or by its deadline" },
    { "restarts_are_due", "A new attempt follows one that failed, one by one, within maxRestarts" },
    { "data_is_there", "A pod that reads a version finds it, for as long as it runs" },
    { "listed_is_there", "A version that is listed, and not marked, really lies where it is said to" },
    { "capacity_before_weight", "A revision gets traffic when it has had the available pods for its share" },
    { "weights_are_sound", "The weights of a route are a hundred in all, and each names a Service that is there" },
    { "somebody_answers", "What has no ready pods never gets all traffic while another revision has some" },
    { "one_candidate", "Beside the stable revision never more than one has traffic" },
    { "traffic_lets_go_first",
      "No revision loses pods or its Service while the data plane needs them, nor before the delay" },
    { "deployments_are_only_scaled", "A Deployment is never changed but in its number of pods" },
    { "autoscaler_decides", "With autoscaling no write carries the number of pods" },
    { "selectors_stay", "The selector of a revision's Service never changes" },
    { "stable_name_answers", "The Service of the endpoint's name selects what is stable, and was ready then" },
    { "stable_is_earned", "A revision becomes stable when it was ready and had all traffic" },
    { "rollback_restores", "A rollout that is taken back ends at the stable revision from before, with all traffic" },
    { "rejected_stay_out", "A rejected revision is not tried again without a new reason" },
    { "served_versions_stay", "A version that is served is never marked to be removed" },
    { "endpoints_end_well", "At rest an endpoint serves what its spec says, or says why not" },
    { "status_fits_schema", "Every status fits the schema of the CRD" },
    { "comes_to_rest", "In the calm the writing ends: nothing but the lease is written any more" },
    { "every_job_ends", "In the calm every job that can end has ended" },
    { "nothing_runs_on", "A job that has ended has no live pod, unless cleanPodPolicy says None" },
    { "suspended_jobs_rest", "At rest a job has no pod and the phase Suspended exactly when its spec says suspend" },
    { "jobs_go_in_time", "A job is deleted by the operator when it has ended and its TTL is over, never else" },
    { "no_stuck_finalizers", "Nothing that is gone or going is held up by us" },
    { "counts_are_true", "At rest the status is about the present generation, and its counts are those of the pods" },
    { "calm_is_noticed", "At rest every process is ready, and exactly one may write" },
    { NULL, NULL },
};

/* -- what processes do -------------------------------------------------------------------------------------------- */

static void no_hot_loop(struct world *world, struct process *process)
{
    if (world->now - process->minute_began >= MINUTE) {
        process->minute_began = world->now;
        process->requests = process->steps = 0;
    }
    if (process->requests > REQUESTS_A_MINUTE)
        BROKEN(world,
               "%s sent %d requests within %d ms",
               process->identity,
               REQUESTS_A_MINUTE,
               (int)(world->now - process->minute_began));
    if (process->steps > STEPS_A_MINUTE)
        BROKEN(world,
               "%s woke %d times within %d ms",
               process->identity,
               STEPS_A_MINUTE,
               (int)(world->now - process->minute_began));
}

void invariants_on_send(struct world *world, struct process *process, const struct http_request *request)
{
    process->requests += !request->urgent;
    no_hot_loop(world, process);
}

void invariants_on_step(struct world *world, struct process *process)
{
    process->steps++;
    no_hot_loop(world, process);
}

static void requests_are_understood(struct world *world, const char *method, const char *path, const char *problem)
{
    BROKEN(world, "%s %s: %s", method, path, problem);
}

void invariants_not_understood(struct world *world, const struct http_request *request, const char *problem)
{
    requests_are_understood(world, http_method_name(request->method), request->path, problem);
}

void invariants_watch_not_understood(struct world *world, const char *path, const char *problem)
{
    requests_are_understood(world, "watch", path, problem);
}

/* -- what lands --------------------------------------------------------------------------------------------------- */

static void writes_hold_the_lease(struct world *world, const struct http_request *request)
{
    const struct server *server = &world->server;
    const char *holder = "";

    for (size_t i = 0; i < server->counts[RESOURCE_LEASES]; i++)
        holder = jb_get_str(jb_get(server->things[RESOURCE_LEASES][i]->now->tree, "spec"), "holderIdentity");
    if (strcmp(holder, server->sender) != 0)
        BROKEN(world,
               "%s %s of %s lands while '%s' holds the lease",
               http_method_name(request->method),
               request->path,
               server->sender,
               holder);
}

static void secrets_are_only_made(struct world *world, const struct http_request *request)
{
    BROKEN(world, "%s %s is asked for", http_method_name(request->method), request->path);
}

void invariants_on_request(struct world *world,
                           const struct http_request *request,
                           const struct target *target,
                           const json_t *body)
{
    if (world->server.acting == ACTOR_OPERATOR)
        rollouts_on_request(world, request, target, body);
    if (world->server.acting == ACTOR_OPERATOR &&
        (target->resource == RESOURCE_SECRETS || target->resource == RESOURCE_CLAIMS) && request->method != HTTP_POST)
        secrets_are_only_made(world, request);
    if (world->server.acting != ACTOR_OPERATOR || request->method == HTTP_GET)
        return;
    if (target->resource != RESOURCE_LEASES)
        world->counters.writes++;
    if (target->resource != RESOURCE_LEASES && world->weather.leader_elect)
        writes_hold_the_lease(world, request);
}

/* A name that a stranger has taken may be asked for again and again, slowly: nothing else tells that it is free. */
static bool asks_for_taken_name(const struct http_request *request, int status)
{
    return request->method == HTTP_POST && status == 409;
}

static void comes_to_rest(struct world *world, const struct http_request *request, int status)
{
    BROKEN(world,
           "%s %s is answered %d when all should be at rest",
           http_method_name(request->method),
           request->path,
           status);
}

void invariants_on_answer(struct world *world, const struct http_request *request, int status)
{
    if (request->method == HTTP_GET || request->urgent)
        return;
    if (!asks_for_taken_name(request, status))
        world->last_write = world->now;
    if (world->quiet_since && !asks_for_taken_name(request, status))
        comes_to_rest(world, request, status);
}

void invariants_on_change(struct world *world, const struct change *change)
{
    struct change copy = *change; /* the log may move */

    if (copy.thing->resource != RESOURCE_LEASES)
        world->last_change = world->now;
    if (world->server.acting != ACTOR_OPERATOR)
        return;
    writing_on_change(world, &copy);
    rollouts_on_change(world, &copy);
    if (copy.before)
        rollout_status_on_change(world, &copy);
    if (copy.thing->resource == RESOURCE_JOBS && copy.before)
        status_on_change(world, &copy);
    if ((copy.thing->resource == RESOURCE_DATA_SETS || copy.thing->resource == RESOURCE_MODELS) && copy.before)
        stores_on_status(world, copy.thing);
}

void invariants_at_end(struct world *world)
{
    ending_check(world);
    rollouts_at_end(world);
    stores_at_end(world);
}
