#include "gateway.h"

#include <stdio.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "streams.h"
#include "trees.h"
#include "world.h"

static const char domain[] = ".example.com";

static void later(struct world *world, int64_t within, agenda_action *action, void *context)
{
    agenda_add(&world->agenda, world->now + random_spread(&world->random, 1, within), action, context);
}

/* -- tables ------------------------------------------------------------------------------------------------------- */

void table_read(const json_t *route, struct table *ret)
{
    const json_t *rule = json_array_get(jb_get(jb_get(route, "spec"), "rules"), 0),
                 *backends = jb_get(rule, "backendRefs");

    *ret = (struct table){ .generation = jb_get_int(tree_metadata(route), "generation", 1) };
    for (size_t i = 0; i < json_array_size(backends) && i < MOST_BACKENDS; i++) {
        const json_t *backend = json_array_get(backends, i);

        snprintf(ret->backends[i].service, SERVICE_NAME, "%s", jb_get_str(backend, "name"));
        ret->backends[i].weight = (int)jb_get_int(backend, "weight", 1);
        ret->count++;
    }
}

int table_percent(const struct table *table, const char *service)
{
    int sum = 0, own = 0;

    for (unsigned i = 0; i < table->count; i++) {
        sum += table->backends[i].weight;
        if (strcmp(table->backends[i].service, service) == 0)
            own += table->backends[i].weight;
    }
    return sum ? (own * 100 + sum - 1) / sum : 0;
}

struct traffic *gateway_traffic(const struct world *world, const char *namespace, const char *name)
{
    for (struct traffic *traffic = world->traffics; traffic; traffic = traffic->next)
        if (!traffic->route->gone && strcmp(traffic->route->name, name) == 0 &&
            strcmp(traffic->route->namespace, namespace) == 0)
            return traffic;
    return NULL;
}

int64_t traffic_carried(const struct world *world, const struct traffic *traffic, const char *service)
{
    if (table_percent(&traffic->served, service))
        return world->now;
    for (size_t i = 0; i < traffic->carried_count; i++)
        if (strcmp(traffic->carried[i].service, service) == 0)
            return traffic->carried[i].until;
    return -1;
}

static void remember(struct world *world, struct traffic *traffic, const char *service)
{
    size_t i = 0;

    while (i < traffic->carried_count && strcmp(traffic->carried[i].service, service) != 0)
        i++;
    if (i == traffic->carried_count) {
        grow(traffic->carried, traffic->carried_count, traffic->carried_capacity);
        snprintf(traffic->carried[traffic->carried_count++].service, SERVICE_NAME, "%s", service);
    }
    traffic->carried[i].until = world->now;
}

/* -- the data plane ----------------------------------------------------------------------------------------------- */

static void adopt(struct world *world, void *context)
{
    struct traffic *traffic = context;

    traffic->adopt_due = false;
    for (unsigned i = 0; i < traffic->served.count; i++)
        if (traffic->served.backends[i].weight)
            remember(world, traffic, traffic->served.backends[i].service);
    traffic->served = traffic->route->gone ? (struct table){ 0 } : traffic->accepted;
    world_trace(
        world, "  the data plane serves %s as of generation %d", traffic->route->name, (int)traffic->served.generation);
}

static void adopt_later(struct world *world, struct traffic *traffic)
{
    if (traffic->adopt_due)
        return;
    traffic->adopt_due = true;
    later(world, world->weather.data_plane_lag, adopt, traffic);
}

/* -- the controller ----------------------------------------------------------------------------------------------- */

static json_t *condition(const char *type, const char *problem, const char *fine, int64_t generation)
{
    return OBJ({ "type", jb_str(type) },
               { "status", jb_str(problem ? "False" : "True") },
               { "reason", jb_str(problem ? problem : fine) },
               { "message", jb_str("") },
               { "observedGeneration", jb_int(generation) },
               { "lastTransitionTime", jb_str("2026-11-18T00:00:00Z") });
}

static const char *not_accepted(const json_t *route)
{
    const char *host = json_string_value(json_array_get(jb_get(jb_get(route, "spec"), "hostnames"), 0));
    const char *end = host ? strstr(host, domain) : NULL;

    return host && !end ? "NoMatchingListenerHostname" : NULL;
}

static const char *not_resolved(const struct world *world, const struct traffic *traffic, const struct table *table)
{
    for (unsigned i = 0; i < table->count; i++)
        if (!server_find(world, RESOURCE_SERVICES, traffic->route->namespace, table->backends[i].service))
            return "BackendNotFound";
    return NULL;
}

/* A parent that is not there says nothing. */
static const struct thing *parent_of(const struct world *world, const struct thing *route)
{
    const json_t *parent = json_array_get(jb_get(jb_get(route->now->tree, "spec"), "parentRefs"), 0);
    const char *namespace = jb_get_str(parent, "namespace");

    return server_find(world, RESOURCE_GATEWAYS, *namespace ? namespace : route->namespace, jb_get_str(parent, "name"));
}

static void tell(struct world *world, struct traffic *traffic, const struct table *table)
{
    struct thing *route = traffic->route;
    const char *problem = not_accepted(route->now->tree), *missing = not_resolved(world, traffic, table);
    json_t *tree = tree_edit(route->now->tree), *parent = json_array_get(jb_get(jb_get(tree, "spec"), "parentRefs"), 0);

    jb_set(tree,
           "status",
           OBJ({ "parents",
                 ARR(OBJ({ "parentRef", json_incref(parent) },
                         { "controllerName", jb_str("example.com/gateway") },
                         { "conditions",
                           ARR(condition("Accepted", problem, "Accepted", table->generation),
                               condition("ResolvedRefs", missing, "ResolvedRefs", table->generation)) })) }));
    server_replace(world, route, tree);
}

static void accept(struct world *world, void *context)
{
    struct traffic *traffic = context;
    struct table table;

    traffic->accept_due = false;
    if (traffic->route->gone || !parent_of(world, traffic->route))
        return;
    world->server.acting = ACTOR_CLUSTER;
    table_read(traffic->route->now->tree, &table);
    traffic->accepted =
        not_accepted(traffic->route->now->tree) ? (struct table){ .generation = table.generation } : table;
    tell(world, traffic, &table);
    adopt_later(world, traffic);
}

static void accept_later(struct world *world, struct traffic *traffic)
{
    if (traffic->accept_due)
        return;
    traffic->accept_due = true;
    later(world, world->weather.route_lag, accept, traffic);
}

static void begin(struct world *world, struct thing *route)
{
    struct traffic *traffic = xcalloc(1, sizeof(*traffic));

    *traffic = (struct traffic){ .next = world->traffics, .route = route };
    route->traffic = traffic;
    world->traffics = traffic;
}

/* A Service that comes or goes concerns the routes of its namespace. */
static void look_again(struct world *world, const char *namespace)
{
    for (struct traffic *traffic = world->traffics; traffic; traffic = traffic->next)
        if (!traffic->route->gone && (!namespace || strcmp(traffic->route->namespace, namespace) == 0))
            accept_later(world, traffic);
}

void gateway_notice(struct world *world, struct thing *thing)
{
    bool is_route = thing->resource == RESOURCE_HTTP_ROUTES || thing->resource == RESOURCE_GRPC_ROUTES;

    if (thing->resource == RESOURCE_SERVICES)
        look_again(world, thing->namespace);
    if (thing->resource == RESOURCE_GATEWAYS)
        look_again(world, NULL);
    if (!is_route)
        return;
    if (!thing->traffic)
        begin(world, thing);
    if (thing->gone)
        adopt_later(world, thing->traffic);
    else if (jb_get_int(tree_metadata(thing->now->tree), "generation", 1) != thing->traffic->accepted.generation)
        accept_later(world, thing->traffic);
}

/* -- requests ----------------------------------------------------------------------------------------------------- */

static bool matches(const struct traffic *traffic, const char *host, const char *path)
{
    const json_t *spec = jb_get(traffic->route->now->tree, "spec"), *hosts = jb_get(spec, "hostnames");
    const json_t *match = json_array_get(jb_get(json_array_get(jb_get(spec, "rules"), 0), "matches"), 0);
    const char *prefix = jb_get_str(jb_get(match, "path"), "value");

    return (!json_array_size(hosts) || tree_array_has(hosts, host)) && strncmp(path, prefix, strlen(prefix)) == 0;
}

struct traffic *gateway_match(const struct world *world, const char *host, const char *path)
{
    for (struct traffic *traffic = world->traffics; traffic; traffic = traffic->next)
        if (traffic->served.count && matches(traffic, host, path))
            return traffic;
    return NULL;
}

/* -- beginning and end -------------------------------------------------------------------------------------------- */

static void install(struct world *world, void *context)
{
    (void)context;
    world->server.acting = ACTOR_CLUSTER;
    world->server.has_gateways = true;
    server_insert(
        world,
        RESOURCE_GATEWAYS,
        OBJ({ "apiVersion", jb_str("gateway.networking.k8s.io/v1") },
            { "kind", jb_str("Gateway") },
            { "metadata", OBJ({ "name", jb_str(GATEWAY_NAME) }, { "namespace", jb_str(GATEWAY_NAMESPACE) }) },
            { "spec",
              OBJ({ "gatewayClassName", jb_str("example") },
                  { "listeners",
                    ARR(OBJ({ "name", jb_str("http") }, { "port", jb_int(80) }, { "protocol", jb_str("HTTP") })) }) },
            { "status",
              OBJ({ "addresses", ARR(OBJ({ "type", jb_str("IPAddress") }, { "value", jb_str(GATEWAY_ADDRESS) })) }) }));
}

void gateway_begin(struct world *world)
{
    if (world->weather.gateways_at >= 0)
        agenda_add(&world->agenda, world->weather.gateways_at, install, NULL);
}

void gateway_finish(struct world *world)
{
    while (world->traffics) {
        struct traffic *traffic = world->traffics;

        world->traffics = traffic->next;
        free(traffic->carried);
        free(traffic);
    }
}
