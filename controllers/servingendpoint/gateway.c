#include <string.h>

#include "../../operator/base/jb.h"
#include "endpoint.h"

/*
 * Whether it answers from outside. The first Gateway is asked where it is, then a request goes there with the
 * endpoint's host and path, as anybody's would. Who cannot connect from here knows nothing: the route's conditions
 * decide then.
 */

enum {
    GATEWAY_EVERY = 30, /* seconds */
    REACH_EVERY = 10,
    GATEWAY_TIMEOUT = 5000, /* milliseconds */
    REACH_TIMEOUT = 5000,
    REACH_COUNT = 2,
};

static const char gateway_key[] = "gateway", reach_key[] = "route";

static const char *gateway_namespace(const struct endpoint *endpoint)
{
    const char *namespace = endpoint->spec->route->parent_refs[0].namespace;

    return namespace ? namespace : endpoint->in->self->namespace;
}

static const char *gateway_name(const struct endpoint *endpoint)
{
    return endpoint->spec->route->parent_refs[0].name;
}

static const json_t *find_listener(const struct endpoint *endpoint, const json_t *listeners)
{
    const struct servingendpoint_spec_route_parent_refs *ref = &endpoint->spec->route->parent_refs[0];

    for (size_t i = 0; i < json_array_size(listeners); i++) {
        const json_t *one = json_array_get(listeners, i);
        const char *protocol = jb_get_str(one, "protocol");

        if ((ref->section_name && strcmp(ref->section_name, jb_get_str(one, "name")) != 0) ||
            (ref->has_port && ref->port != jb_get_int(one, "port", 0)))
            continue;
        if (strcmp(protocol, "HTTP") == 0 || strcmp(protocol, "HTTPS") == 0)
            return one;
    }
    return NULL;
}

/* A host that the route takes; of *.example.com any name below will do. */
static const char *host_of(const struct endpoint *endpoint, const char *of_listener)
{
    const struct servingendpoint_spec_route *route = endpoint->spec->route;
    const char *host = route->hostnames_count ? route->hostnames[0] : of_listener;

    if (strncmp(host, "*.", 2) == 0)
        return arena_printf(endpoint->arena, "kitae.%s", host + 2);
    return *host ? arena_strdup(endpoint->arena, host) : NULL;
}

/* The path that the stable revision calls ready, as it is seen from outside. */
static const char *path_of(const struct endpoint *endpoint)
{
    const struct servingendpoint_spec_route *route = endpoint->spec->route;
    const char *prefix = route->path_prefix ? route->path_prefix : "/", *path = endpoint->stable->recipe.probe_path;
    size_t length = strlen(prefix);

    if (length && prefix[length - 1] == '/')
        length--;
    if (route->prefix_rewrite == SERVINGENDPOINT_SPEC_ROUTE_PREFIX_REWRITE_STRIP)
        return arena_printf(endpoint->arena, "%.*s%s", (int)length, prefix, path ? path : "/");
    if (path && strncmp(path, prefix, length) == 0)
        return path;
    return prefix;
}

/* Where and what to ask; false when nobody says. In the arena. */
static bool find_door(const struct endpoint *endpoint, struct ask *ret)
{
    const struct answer *answer = answer_find(endpoint->in, gateway_key);
    json_auto_t *gateway = NULL;
    const json_t *address, *listener;
    const char *value;
    struct error err;

    if (!answer || answer->error || jb_parse(answer->text, &gateway, &err) < 0)
        return false;
    address = json_array_get(jb_get(jb_get(gateway, "status"), "addresses"), 0);
    listener = find_listener(endpoint, jb_get(jb_get(gateway, "spec"), "listeners"));
    value = jb_get_str(address, "value");
    if (!*value || strcmp(jb_get_str(address, "type"), "Hostname") == 0 || !listener)
        return false;
    *ret = (struct ask){ .type = ASK_PROBE,
                         .key = reach_key,
                         .url = arena_printf(endpoint->arena,
                                             strchr(value, ':') ? "%s://[%s]:%d%s" : "%s://%s:%d%s",
                                             strcmp(jb_get_str(listener, "protocol"), "HTTPS") == 0 ? "https" : "http",
                                             value,
                                             (int)jb_get_int(listener, "port", 80),
                                             path_of(endpoint)),
                         .host = host_of(endpoint, jb_get_str(listener, "hostname")),
                         .count = REACH_COUNT,
                         .every_s = REACH_EVERY,
                         .timeout_ms = REACH_TIMEOUT };
    return true;
}

void ask_about_route(const struct endpoint *endpoint, struct plan *out)
{
    struct ask reach;

    if (!endpoint->spec->route || !endpoint->stable || !has_route(endpoint))
        return;
    plan_ask(out,
             (struct ask){ .type = ASK_OBJECT,
                           .key = gateway_key,
                           .path = arena_printf(endpoint->arena,
                                                "/apis/gateway.networking.k8s.io/v1/namespaces/%s/gateways/%s",
                                                gateway_namespace(endpoint),
                                                gateway_name(endpoint)),
                           .every_s = GATEWAY_EVERY,
                           .timeout_ms = GATEWAY_TIMEOUT });
    if (endpoint->in->can_probe && endpoint->stable->recipe.protocol == PROTOCOL_HTTP && find_door(endpoint, &reach))
        plan_ask(out, reach);
}

enum reach endpoint_reach(const struct endpoint *endpoint, const char **ret_why)
{
    const struct answer *answer = answer_find(endpoint->in, reach_key);

    if (!endpoint->in->can_probe || endpoint->stable->recipe.protocol != PROTOCOL_HTTP) {
        *ret_why = endpoint->in->can_probe ? "only HTTP endpoints are probed"
                                           : "the operator cannot reach addresses of the cluster";
        return REACH_UNKNOWN;
    }
    if (!answer || !answer->status) {
        *ret_why = answer && answer->error ? answer->error : "nobody says yet where its Gateway is";
        return REACH_UNKNOWN;
    }
    *ret_why = probe_problem(endpoint, answer);
    if (answer->good || (!endpoint->stable->recipe.probe_path && answer->status < 500 && answer->status != 404))
        return REACH_YES;
    return REACH_NO;
}

const char *endpoint_url(const struct endpoint *endpoint)
{
    const struct servingendpoint_spec_route *route = endpoint->spec->route;

    if (!endpoint->stable)
        return NULL;
    if (route && has_route(endpoint) && route->hostnames_count)
        return arena_printf(
            endpoint->arena, "http://%s%s", route->hostnames[0], route->path_prefix ? route->path_prefix : "");
    return arena_printf(endpoint->arena,
                        "http://%s.%s.svc:%d",
                        endpoint->name,
                        endpoint->in->self->namespace,
                        endpoint->stable->recipe.port);
}

/* -- what is said of it
 * ------------------------------------------------------------------------------------------------- */

static const struct failure *find_failure(const struct endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->in->failure_count; i++)
        if (endpoint->in->failures[i].kind == KIND_HTTP_ROUTE || endpoint->in->failures[i].kind == KIND_GRPC_ROUTE)
            return &endpoint->in->failures[i];
    return NULL;
}

static bool is_missing(const struct endpoint *endpoint)
{
    const struct answer *answer = answer_find(endpoint->in, gateway_key);

    return answer && answer->error && strcmp(answer->error, NO_SUCH_OBJECT) == 0;
}

static void say_unrouted(const struct endpoint *endpoint, struct plan *out)
{
    const struct failure *failure = find_failure(endpoint);

    if (!has_route(endpoint))
        plan_condition(out,
                       "Routed",
                       false,
                       "GatewayAPIMissing",
                       "This cluster has no Gateway API, so that spec.route can do nothing: install its resource "
                       "definitions and a gateway; the Service %s answers inside the cluster",
                       endpoint->name);
    else if (failure)
        plan_condition(out, "Routed", false, "RouteRefused", "The route cannot be written: %.500s", failure->message);
    else if (is_missing(endpoint))
        plan_condition(out,
                       "Routed",
                       false,
                       "GatewayNotFound",
                       "There is no Gateway %s in namespace %s: correct spec.route.parentRefs, or create it",
                       gateway_name(endpoint),
                       gateway_namespace(endpoint));
    else if (!endpoint->stable)
        plan_condition(
            out, "Routed", false, "WaitingForRevision", "The route is made when the first revision is ready");
    else
        plan_condition(out,
                       "Routed",
                       false,
                       "WaitingForGateway",
                       "No gateway has taken the route yet: see whether Gateway %s in namespace %s has a controller "
                       "that runs, and lets routes of namespace %s in",
                       gateway_name(endpoint),
                       gateway_namespace(endpoint),
                       endpoint->in->self->namespace);
}

static void say_reached(const struct endpoint *endpoint, struct plan *out)
{
    const char *why = NULL;
    enum reach reach = endpoint_reach(endpoint, &why);

    if (reach == REACH_YES)
        plan_condition(out, "RouteProbed", true, "Answers", "A request through the Gateway was answered");
    else if (reach == REACH_NO)
        plan_condition(out, "RouteProbed", false, "AnswersBadly", "A request through the Gateway %s", why);
    else
        plan_condition_unknown(out, "RouteProbed", "NotProbed", "Nobody has tried the Gateway: %s", why);
}

void say_route(const struct endpoint *endpoint, struct plan *out)
{
    if (!endpoint->spec->route)
        return;
    if (endpoint->route.problem)
        plan_condition(out, "Routed", false, endpoint->route.reason, "%s", endpoint->route.problem);
    else if (endpoint->route.judged && !find_failure(endpoint))
        plan_condition(out, "Routed", true, "Accepted", "Gateways have taken the route");
    else
        say_unrouted(endpoint, out);
    if (endpoint->stable && has_route(endpoint))
        say_reached(endpoint, out);
}
