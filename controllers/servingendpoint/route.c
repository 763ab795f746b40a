#include <string.h>

#include "../../operator/base/jb.h"
#include "endpoint.h"

/* One HTTPRoute or GRPCRoute of the endpoint's name. Its backends are the Services of revisions, with weights. */

enum kind route_kind(enum protocol protocol)
{
    return protocol == PROTOCOL_GRPC ? KIND_GRPC_ROUTE : KIND_HTTP_ROUTE;
}

bool has_route(const struct endpoint *endpoint)
{
    const struct revision *serves = endpoint->stable ? endpoint->stable : endpoint->candidate;
    enum protocol protocol = serves ? serves->recipe.protocol : endpoint->target.recipe.protocol;

    return endpoint->spec->route && !endpoint->in->absent[route_kind(protocol)];
}

bool is_route_hidden(const struct endpoint *endpoint)
{
    return endpoint->spec->route &&
           (endpoint->in->forbidden[KIND_HTTP_ROUTE] || endpoint->in->forbidden[KIND_GRPC_ROUTE]);
}

bool shares_route(const struct endpoint *endpoint)
{
    return endpoint->stable && endpoint->candidate &&
           route_kind(endpoint->stable->recipe.protocol) == route_kind(endpoint->candidate->recipe.protocol);
}

/* -- what it is to be
 * -------------------------------------------------------------------------------------------------- */

static json_t *parent_refs(const struct servingendpoint_spec_route *route)
{
    json_t *refs = json_array();

    for (size_t i = 0; i < route->parent_refs_count; i++) {
        const struct servingendpoint_spec_route_parent_refs *ref = &route->parent_refs[i];

        jb_append(refs,
                  OBJ({ "group", jb_str("gateway.networking.k8s.io") },
                      { "kind", jb_str("Gateway") },
                      { "name", jb_str(ref->name) },
                      { "namespace", ref->namespace ? jb_str(ref->namespace) : NULL },
                      { "sectionName", ref->section_name ? jb_str(ref->section_name) : NULL },
                      { "port", ref->has_port ? jb_int(ref->port) : NULL }));
    }
    return refs;
}

static json_t *hostnames(const struct servingendpoint_spec_route *route)
{
    json_t *names = route->hostnames_count ? json_array() : NULL;

    for (size_t i = 0; i < route->hostnames_count; i++)
        jb_append(names, jb_str(route->hostnames[i]));
    return names;
}

/* Who has no share is not named: what some gateways make of a weight of 0 is another matter. */
static json_t *backend(const struct revision *revision, int weight)
{
    if (!revision || !weight)
        return NULL;
    return OBJ({ "group", jb_str("") },
               { "kind", jb_str("Service") },
               { "name", jb_str(revision->recipe.name) },
               { "port", jb_int(revision->recipe.port) },
               { "weight", jb_int(weight) });
}

static json_t *backends(const struct endpoint *endpoint)
{
    int share = shares_route(endpoint) ? endpoint->rollout.traffic : 0;

    return ARR(backend(endpoint->stable, 100 - share), backend(endpoint->candidate, share));
}

static json_t *path_match(const struct servingendpoint_spec_route *route)
{
    return ARR(OBJ(
        { "path",
          OBJ({ "type", jb_str("PathPrefix") }, { "value", jb_str(route->path_prefix ? route->path_prefix : "/") }) }));
}

static json_t *rewrite(const struct servingendpoint_spec_route *route)
{
    if (route->prefix_rewrite != SERVINGENDPOINT_SPEC_ROUTE_PREFIX_REWRITE_STRIP)
        return NULL;
    return ARR(
        OBJ({ "type", jb_str("URLRewrite") },
            { "urlRewrite",
              OBJ({ "path", OBJ({ "type", jb_str("ReplacePrefixMatch") }, { "replacePrefixMatch", jb_str("/") }) }) }));
}

static json_t *http_rule(const struct endpoint *endpoint)
{
    const struct servingendpoint_spec_route *route = endpoint->spec->route;

    return OBJ({ "matches", path_match(route) },
               { "filters", rewrite(route) },
               { "timeouts",
                 route->has_timeout_seconds ? OBJ({ "request", jb_fmt("%ds", (int)route->timeout_seconds) }) : NULL },
               { "backendRefs", backends(endpoint) });
}

static json_t *route_body(const struct observed *in, const struct identity *identity)
{
    struct endpoint endpoint;
    const struct servingendpoint_spec_route *route;
    bool grpc;

    (void)identity;
    endpoint_init(&endpoint, in);
    route = endpoint.spec->route;
    grpc = endpoint.stable->recipe.protocol == PROTOCOL_GRPC;
    return OBJ({ "metadata", OBJ({ "labels", OBJ({ "kitae.dev/endpoint", jb_str(endpoint.name) }) }) },
               { "spec",
                 OBJ({ "parentRefs", parent_refs(route) },
                     { "hostnames", hostnames(route) },
                     { "rules", ARR(grpc ? OBJ({ "backendRefs", backends(&endpoint) }) : http_rule(&endpoint)) }) });
}

/* By each Gateway that has it; where none says anything, some time has passed since it is wanted. */
static bool is_seen(const struct endpoint *endpoint)
{
    const struct route_view *route = &endpoint->route;

    return route->object && (route->judged ? route->shown : endpoint->in->now >= endpoint->stable_since + UNSEEN_AFTER);
}

/* A route of the other kind goes when this one is there and seen: until then it still serves. */
static void drop_other(const struct endpoint *endpoint, enum kind kept, struct plan *out)
{
    static const enum kind kinds[] = { KIND_HTTP_ROUTE, KIND_GRPC_ROUTE };

    for (int i = 0; i < 2; i++) {
        const struct object *other = objects_find(endpoint->in->children[kinds[i]], kinds[i], endpoint->name);

        if (other && kinds[i] != kept && (kept == KIND_COUNT || is_seen(endpoint)))
            plan_drop(out, other);
    }
}

/* There is none before a revision is ready: a route to nobody is a 503, no route is a clear 404. */
void want_route(const struct endpoint *endpoint, struct plan *out)
{
    if (!endpoint->spec->route) {
        drop_other(endpoint, KIND_COUNT, out);
        return;
    }
    if (!endpoint->stable)
        return;
    if (!has_route(endpoint)) { /* the cluster lacks its kind: one of the other would hold the old revision for ever */
        if (!is_route_hidden(endpoint))
            drop_other(endpoint, KIND_COUNT, out);
        return;
    }
    if (!endpoint->route.object && (!endpoint->stable->service || !endpoint->stable->ready))
        return; /* that of a Service on its way would be a 500 */
    drop_other(endpoint, route_kind(endpoint->stable->recipe.protocol), out);
    plan_apply(out, route_kind(endpoint->stable->recipe.protocol), endpoint->name, route_body);
}

/* -- what it is
 * --------------------------------------------------------------------------------------------------------- */

static bool parse(const struct object *object, struct slice text, json_t **ret)
{
    struct error err;

    *ret = NULL;
    return object && text.data && jb_parse(text, ret, &err) == 0;
}

/* The weight of a revision's Service in the route as it is in the cluster. */
static int weight_in(const struct object *object, const char *revision)
{
    json_auto_t *spec = NULL;
    const json_t *refs;

    if (!object || !parse(object, object->spec, &spec))
        return 0;
    refs = jb_get(json_array_get(jb_get(spec, "rules"), 0), "backendRefs");
    return (int)jb_get_int(jb_named(refs, revision), "weight", jb_named(refs, revision) ? 1 : 0);
}

/* Of either kind: one that is about to go still sends. */
bool route_names(const struct endpoint *endpoint, const char *revision)
{
    const struct objects *children = endpoint->in->children;

    return weight_in(objects_find(children[KIND_HTTP_ROUTE], KIND_HTTP_ROUTE, endpoint->name), revision) > 0 ||
           weight_in(objects_find(children[KIND_GRPC_ROUTE], KIND_GRPC_ROUTE, endpoint->name), revision) > 0;
}

bool route_gives(const struct endpoint *endpoint, int candidate_percent)
{
    return weight_in(endpoint->route.object, endpoint->candidate->recipe.name) == candidate_percent;
}

static const json_t *find_condition(const json_t *parent, const char *type)
{
    const json_t *conditions = jb_get(parent, "conditions");

    for (size_t i = 0; i < json_array_size(conditions); i++)
        if (strcmp(jb_get_str(json_array_get(conditions, i), "type"), type) == 0)
            return json_array_get(conditions, i);
    return NULL;
}

static void find_fault(struct endpoint *endpoint, const json_t *parent, const char *type)
{
    const json_t *condition = find_condition(parent, type);
    const char *gateway = jb_get_str(jb_get(parent, "parentRef"), "name");

    if (!condition || strcmp(jb_get_str(condition, "status"), "False") != 0 || endpoint->route.problem)
        return;
    endpoint->route.reason = arena_printf(endpoint->arena, "%.63s", jb_get_str(condition, "reason"));
    endpoint->route.problem = arena_printf(endpoint->arena,
                                           "Gateway %s does not serve the route (%s): %.400s",
                                           gateway,
                                           jb_get_str(condition, "reason"),
                                           jb_get_str(condition, "message"));
}

/* What a Gateway has written that is not asked for any more may stay for ever. */
static bool names_gateway(const struct endpoint *endpoint, const json_t *ref)
{
    const struct servingendpoint_spec_route *route = endpoint->spec->route;
    const char *own = endpoint->in->self->namespace, *namespace = jb_get_str(ref, "namespace");

    for (size_t i = 0; route && i < route->parent_refs_count; i++) {
        const char *wanted = route->parent_refs[i].namespace;

        if (strcmp(route->parent_refs[i].name, jb_get_str(ref, "name")) == 0 &&
            strcmp(wanted ? wanted : own, *namespace ? namespace : own) == 0)
            return true;
    }
    return false;
}

static void read_parents(struct endpoint *endpoint, const json_t *parents)
{
    for (size_t i = 0; i < json_array_size(parents); i++) {
        const json_t *parent = json_array_get(parents, i), *accepted = find_condition(parent, "Accepted");
        bool sees = jb_get_int(accepted, "observedGeneration", 0) >= endpoint->route.object->generation;

        if (!names_gateway(endpoint, jb_get(parent, "parentRef")))
            continue;
        endpoint->route.shown = sees && (endpoint->route.shown || !endpoint->route.judged);
        endpoint->route.judged = true;
        find_fault(endpoint, parent, "Accepted");
        find_fault(endpoint, parent, "ResolvedRefs");
    }
}

void find_route(struct endpoint *endpoint)
{
    const struct revision *serves = endpoint->stable;
    enum kind kind = route_kind(serves ? serves->recipe.protocol : PROTOCOL_HTTP);
    const struct object *object = objects_find(endpoint->in->children[kind], kind, endpoint->name);
    json_auto_t *status = NULL;

    endpoint->route.object = object;
    if (object && parse(object, object->status, &status))
        read_parents(endpoint, jb_get(status, "parents"));
}
