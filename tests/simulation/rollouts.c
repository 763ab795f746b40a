/* Invariants on what the operator writes of revisions: routes, Services and Deployments. */

#include "rollouts.h"

#include <string.h>

#include "../../operator/model/object.h"
#include "gateway.h"
#include "process.h"
#include "serving_facts.h"
#include "trees.h"
#include "workloads.h"
#include "world.h"

/* Between what the operator can see, that a route was accepted, and what it can only wait for. */
enum { UNSEEN_MS = MOST_DATA_PLANE_LAG + 1000, TAKEN_BACK_MS = 30000 };

/* -- routes ------------------------------------------------------------------------------------------------------- */

static const struct traffic *traffic_of(const struct thing *route)
{
    static const struct traffic none;

    return route->traffic ? route->traffic : &none;
}

/*
 * argo-rollouts PR#4612: a rollback sent 70 % to a canary that was sized for 5 %. What is asked of a revision that gets
 * more than before is what its share of the wanted pods is; of the first one, of the stable one to which traffic goes
 * back, and of one for which the old one has to go, that it is there at all.
 */
static void capacity_before_weight(struct world *world, const struct thing *endpoint, const char *revision, int percent)
{
    bool has_old = *status_stable(endpoint->now->tree) && !endpoint_recreates(endpoint);
    bool is_old = strcmp(status_stable(endpoint->now->tree), revision) == 0;
    int need = has_old && !is_old && endpoint_is_observed(endpoint)
                   ? (percent * endpoint_fewest_replicas(world, endpoint) + 99) / 100
                   : 1;

    if (revision_had(world, endpoint, revision, need) || (is_old && !another_is_ready(world, endpoint, revision)))
        return;
    BROKEN(world, "%s gets %d %% of the traffic, and has not had %d available pods", revision, percent, need);
}

/* What was emptied to make room for another gets nothing any more while another one can answer. */
static void check_emptied(struct world *world,
                          const struct thing *endpoint,
                          const struct thing *route,
                          const struct table *table)
{
    for (unsigned i = 0; i < table->count; i++) {
        const char *revision = table->backends[i].service;
        const struct workload *workload = revision_workload(world, endpoint, revision);

        if (table->backends[i].weight && table->count > 1 && workload && !workload_wanted(workload->thing))
            world_broken(
                world, "capacity_before_weight", "%s gives traffic to %s, which was emptied", route->name, revision);
    }
}

static void weights_are_sound(struct world *world, const struct thing *route, const struct table *table)
{
    int sum = 0;

    for (unsigned i = 0; i < table->count; i++) {
        sum += table->backends[i].weight;
        if (!server_find(world, RESOURCE_SERVICES, route->namespace, table->backends[i].service) &&
            !was_there(world, RESOURCE_SERVICES, route->namespace, table->backends[i].service))
            BROKEN(world, "%s names the Service %s, which is not there", route->name, table->backends[i].service);
    }
    if (sum != 100 && table->count != 1)
        BROKEN(world, "the weights of %s are %d in all", route->name, sum);
}

/* argo-rollouts#3372: an abort gave all traffic to what had no pods. */
static void somebody_answers(struct world *world,
                             const struct thing *endpoint,
                             const struct thing *route,
                             const struct table *table)
{
    for (unsigned i = 0; i < table->count; i++)
        if (table->backends[i].weight && revision_had(world, endpoint, table->backends[i].service, 1))
            return;
    if (another_is_ready(world, endpoint, ""))
        BROKEN(world, "%s gives all traffic to what has no ready pods, and another revision has some", route->name);
}

/*
 * argo-rollouts PR#4564: a new canary took the place of an old one that still had weight 5. What counts is what the
 * gateway has said that it accepted, since that is all that anybody can see.
 */
static void one_candidate(struct world *world,
                          const struct thing *endpoint,
                          const struct thing *route,
                          const struct table *table)
{
    const struct table *accepted = &traffic_of(route)->accepted;
    const char *stable = status_stable(endpoint->now->tree), *first = NULL;

    for (unsigned i = 0; i < table->count + accepted->count; i++) {
        const struct backend *backend = i < table->count ? &table->backends[i] : &accepted->backends[i - table->count];

        if (!backend->weight || strcmp(backend->service, stable) == 0)
            continue;
        if (first && *stable && strcmp(first, backend->service) != 0)
            BROKEN(world, "%s and %s have traffic at once beside %s", first, backend->service, stable);
        first = backend->service;
    }
}

static void check_route(struct world *world, const struct thing *endpoint, const struct change *change)
{
    struct table before = { 0 }, after;

    table_read(change->after->tree, &after);
    if (change->before)
        table_read(change->before->tree, &before);
    weights_are_sound(world, change->thing, &after);
    somebody_answers(world, endpoint, change->thing, &after);
    one_candidate(world, endpoint, change->thing, &after);
    check_emptied(world, endpoint, change->thing, &after);
    for (unsigned i = 0; i < after.count; i++) {
        int percent = table_percent(&after, after.backends[i].service);

        if (percent > table_percent(&before, after.backends[i].service))
            capacity_before_weight(world, endpoint, after.backends[i].service, percent);
    }
}

/* -- letting go --------------------------------------------------------------------------------------------------- */

static const struct thing *stable_service(const struct world *world, const struct thing *endpoint)
{
    return server_find(world, RESOURCE_SERVICES, endpoint->namespace, endpoint->name);
}

/* Before there is a stable revision the name leads to nobody who was ever ready. */
static bool is_selected(const struct world *world, const struct thing *endpoint, const char *revision)
{
    const struct thing *service = stable_service(world, endpoint);

    return service && *status_stable(endpoint->now->tree) &&
           strcmp(selected_revision(service->now->tree), revision) == 0;
}

/* The largest share that a revision has: by the route as it is, as it was accepted, or as it serves. */
static int share_of(const struct world *world, const struct thing *endpoint, const char *revision)
{
    const struct traffic *traffic = gateway_traffic(world, endpoint->namespace, endpoint->name);
    int share = is_selected(world, endpoint, revision) ? 100 : 0;
    struct table tables[3];

    if (!traffic)
        return share;
    table_read(traffic->route->now->tree, &tables[0]);
    tables[1] = traffic->accepted;
    tables[2] = traffic->served;
    for (int i = 0; i < 3; i++)
        if (table_percent(&tables[i], revision) > share)
            share = table_percent(&tables[i], revision);
    return share;
}

/* Also when its Deployment has just gone. */
static bool has_pods(const struct world *world, const struct thing *endpoint, const char *revision)
{
    for (const struct workload *workload = world->workloads; workload; workload = workload->next)
        if (strcmp(workload->thing->name, revision) == 0 &&
            strcmp(workload->thing->namespace, endpoint->namespace) == 0)
            return workload_live(workload);
    return false;
}

/* What never was stable, or was taken back, is kept for half a minute only, for requests under way. */
static int64_t delay_of(const struct world *world, const struct thing *endpoint, const char *revision)
{
    const json_t *tree = endpoint->now->tree, *revisions = jb_get(jb_get(tree, "status"), "revisions");
    bool is_proven = json_is_true(jb_get(jb_named(revisions, revision), "proven")) && !status_rejection(tree, revision);
    int64_t delay = endpoint_delay_ms(world, endpoint);

    return is_proven || delay < TAKEN_BACK_MS ? delay : TAKEN_BACK_MS;
}

/*
 * argo-rollouts#3372: dynamicStableScale and an abort took the service down. argo-rollouts#4347: the weight was
 * verified in the route object, not in the proxy. So what counts here is the data plane, and a delay on top.
 */
static void traffic_lets_go_first(struct world *world, const struct thing *endpoint, const char *revision, int pods)
{
    const struct traffic *traffic = gateway_traffic(world, endpoint->namespace, endpoint->name);
    int share = share_of(world, endpoint, revision), need = (share * endpoint_replicas(endpoint) + 99) / 100;
    int64_t carried = traffic ? traffic_carried(world, traffic, revision) : -1;

    if (endpoint_recreates(endpoint) || !endpoint_is_observed(endpoint))
        return;
    if (pods < need && has_pods(world, endpoint, revision))
        BROKEN(world, "%s goes down to %d pods, and has %d %% of the traffic", revision, pods, share);
    if (!pods && has_pods(world, endpoint, revision) && carried >= 0 &&
        world->now - carried < delay_of(world, endpoint, revision) - UNSEEN_MS)
        BROKEN(world,
               "%s goes %d ms after its last request, and the delay is %d ms",
               revision,
               (int)(world->now - carried),
               (int)delay_of(world, endpoint, revision));
}

static bool is_deletion(const struct change *change)
{
    return change->before && !jb_get(tree_metadata(change->before->tree), "deletionTimestamp") &&
           (change->removed || jb_get(tree_metadata(change->after->tree), "deletionTimestamp"));
}

static int replicas_in(const struct snapshot *snapshot)
{
    return (int)jb_get_int(jb_get(snapshot->tree, "spec"), "replicas", 1);
}

/* -- Deployments -------------------------------------------------------------------------------------------------- */

/* An upgrade of the operator, or a second writer, must never start pods anew that serve. */
static void deployments_are_only_scaled(struct world *world, const struct change *change)
{
    json_t *before = tree_edit(jb_get(change->before->tree, "spec"));
    json_t *after = tree_edit(jb_get(change->after->tree, "spec"));

    jb_set(before, "replicas", NULL);
    jb_set(after, "replicas", NULL);
    if (!json_equal(before, after))
        BROKEN(world, "more of %s is changed than its number of pods", change->thing->name);
    json_decref(before);
    json_decref(after);
}

static void check_deployment(struct world *world, const struct thing *endpoint, const struct change *change)
{
    if (!change->before)
        return;
    if (is_deletion(change))
        traffic_lets_go_first(world, endpoint, change->thing->name, 0);
    else if (replicas_in(change->after) < replicas_in(change->before))
        traffic_lets_go_first(world, endpoint, change->thing->name, replicas_in(change->after));
    deployments_are_only_scaled(world, change);
}

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

/*
 * LLMKube#484: 41 scale-ups in 14 minutes, because an update without replicas was defaulted to 1; kserve#2521 and
 * #4312: operator and autoscaler undo each other's work. A Deployment without pods is nobody's but ours: no autoscaler
 * acts on it, and one that makes room for another is emptied whatever an autoscaler says.
 */
static void autoscaler_decides(struct world *world,
                               const struct thing *endpoint,
                               const struct thing *deployment,
                               int replicas)
{
    bool is_empty = deployment && !workload_wanted(deployment), empties = !replicas && endpoint_recreates(endpoint);

    if (endpoint_scales(endpoint) && endpoint_is_observed(endpoint) && !is_empty && !empties && !sender_is_gone(world))
        BROKEN(world, "a write for %s sets %d pods, and autoscalers decide that", endpoint->name, replicas);
}

void rollouts_on_request(struct world *world,
                         const struct http_request *request,
                         const struct target *target,
                         const json_t *body)
{
    const json_t *replicas = jb_get(jb_get(body, "spec"), "replicas");
    const struct thing *deployment, *owner;

    if (target->resource != RESOURCE_DEPLOYMENTS || !replicas)
        return;
    deployment = server_find(world, RESOURCE_DEPLOYMENTS, target->namespace, target->name);
    owner = request->method == HTTP_POST ? server_owner(world, body)
            : deployment                 ? endpoint_of(world, deployment)
                                         : NULL;
    if (owner && owner->resource == RESOURCE_ENDPOINTS)
        autoscaler_decides(world, owner, deployment, (int)json_integer_value(replicas));
}

/* -- Services ----------------------------------------------------------------------------------------------------- */

/* argo-rollouts#4710, #4433 and #4195: selector and weights travel at different speeds, and between them is nobody. */
static void selectors_stay(struct world *world, const struct change *change)
{
    if (!json_equal((json_t *)jb_get(jb_get(change->before->tree, "spec"), "selector"),
                    (json_t *)jb_get(jb_get(change->after->tree, "spec"), "selector")))
        BROKEN(world, "the Service %s of a revision selects something else", change->thing->name);
}

/* Those who come from inside the cluster have no weights: they get the stable revision, once there is one. */
static void stable_name_answers(struct world *world, const struct thing *endpoint, const struct change *change)
{
    const char *before = change->before ? selected_revision(change->before->tree) : "";
    const char *after = selected_revision(change->after->tree), *stable = status_stable(endpoint->now->tree);

    if (strcmp(before, after) == 0 || change->removed || !*stable)
        return;
    if (!revision_had(world, endpoint, after, 1) && another_is_ready(world, endpoint, after))
        BROKEN(world, "the Service %s selects %s, which has no ready pods", endpoint->name, after);
    if (strcmp(after, stable) != 0)
        BROKEN(world, "the Service %s selects %s, which is not the stable revision", endpoint->name, after);
}

static void check_service(struct world *world, const struct thing *endpoint, const struct change *change)
{
    const char *name = change->thing->name;

    if (strcmp(name, endpoint->name) == 0) {
        stable_name_answers(world, endpoint, change);
        return;
    }
    if (is_deletion(change))
        traffic_lets_go_first(world, endpoint, name, 0);
    else if (change->before)
        selectors_stay(world, change);
}

void rollouts_on_change(struct world *world, const struct change *change)
{
    const struct thing *endpoint = endpoint_of(world, change->thing);

    if (!endpoint || server_namespace(world, endpoint->namespace)->terminating)
        return;
    switch (change->thing->resource) {
    case RESOURCE_HTTP_ROUTES:
    case RESOURCE_GRPC_ROUTES:
        if (!is_deletion(change))
            check_route(world, endpoint, change);
        break;
    case RESOURCE_DEPLOYMENTS:
        check_deployment(world, endpoint, change);
        break;
    case RESOURCE_SERVICES:
        check_service(world, endpoint, change);
        break;
    default:
        break;
    }
}
