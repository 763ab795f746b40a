#include <string.h>

#include "../../operator/base/jb.h"
#include "endpoint.h"

/*
 * Whether it answers from outside. The first Gateway is asked where it is, then a request goes there with the
 * endpoint's host and path, as anybody's would. Who cannot connect from here knows nothing: the route's conditions
 * decide then.
 */

enum {
    SOON = 10, /* seconds, until it answers; then thousands of endpoints must not add up */
    GATEWAY_EVERY = 300,
    REACH_EVERY = 60,
    GATEWAY_TIMEOUT = 5000, /* milliseconds */
    REACH_TIMEOUT = 5000,
    REACH_COUNT = 2,
    MISSES = 3, /* looks in a row: where a part is answered, chance must not make it good and bad in turn */
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

/* "*.example.com" takes all names below it. */
static bool takes_host(const char *taker, const char *host)
{
    size_t length = strlen(host), end = strlen(taker);

    if (taker[0] != '*')
        return strcmp(taker, host) == 0;
    return length >= end && strcmp(host + length - (end - 1), taker + 1) == 0;
}

/* The narrower one of the first pair that fits; "": of both none is asked for; NULL: the listener takes no such route.
 */
static const char *common_host(const struct endpoint *endpoint, const char *of_listener)
{
    const struct servingendpoint_spec_route *route = endpoint->spec->route;

    for (size_t i = 0; i < route->hostnames_count; i++) {
        if (!*of_listener || takes_host(of_listener, route->hostnames[i]))
            return route->hostnames[i];
        if (takes_host(route->hostnames[i], of_listener))
            return of_listener;
    }
    return route->hostnames_count ? NULL : of_listener;
}

static bool is_secured(const json_t *listener)
{
    return strcmp(jb_get_str(listener, "protocol"), "HTTPS") == 0;
}

/* It is one of those that the endpoint's first parentRef names, and takes one of its hosts. */
static bool takes_route(const struct endpoint *endpoint, const json_t *listener)
{
    const struct servingendpoint_spec_route_parent_refs *ref = &endpoint->spec->route->parent_refs[0];

    if ((ref->section_name && strcmp(ref->section_name, jb_get_str(listener, "name")) != 0) ||
        (ref->has_port && ref->port != jb_get_int(listener, "port", 0)) ||
        !common_host(endpoint, jb_get_str(listener, "hostname")))
        return false;
    return is_secured(listener) || strcmp(jb_get_str(listener, "protocol"), "HTTP") == 0;
}

static const json_t *find_listener(const struct endpoint *endpoint, const json_t *listeners)
{
    for (size_t i = 0; i < json_array_size(listeners); i++)
        if (takes_route(endpoint, json_array_get(listeners, i)))
            return json_array_get(listeners, i);
    return NULL;
}

/* A host that route and listener take; of *.example.com any name below will do. */
static const char *host_of(const struct endpoint *endpoint, const char *of_listener)
{
    const char *host = common_host(endpoint, of_listener);

    if (strncmp(host, "*.", 2) == 0)
        return arena_printf(endpoint->arena, "kitae.%s", host + 2);
    return *host ? arena_strdup(endpoint->arena, host) : NULL;
}

static bool is_stripped(const struct endpoint *endpoint)
{
    return endpoint->spec->route->prefix_rewrite == SERVINGENDPOINT_SPEC_ROUTE_PREFIX_REWRITE_STRIP;
}

/* Of the prefix without the slash at its end. */
static int prefix_length(const char *prefix)
{
    size_t length = strlen(prefix);

    return (int)(length && prefix[length - 1] == '/' ? length - 1 : length);
}

/* The path that the stable revision calls ready is one of those that come in; else nobody says which one it knows. */
static bool knows_path(const struct endpoint *endpoint)
{
    const char *prefix = endpoint->spec->route->path_prefix, *path = endpoint->stable->recipe.probe_path;
    size_t length = prefix ? (size_t)prefix_length(prefix) : 0;

    if (!path || is_stripped(endpoint))
        return path != NULL;
    return strncmp(path, prefix ? prefix : "", length) == 0 && strchr("/?", path[length]);
}

/* That path as it is seen from outside, or another below the prefix. */
static const char *path_of(const struct endpoint *endpoint)
{
    const struct servingendpoint_spec_route *route = endpoint->spec->route;
    const char *prefix = route->path_prefix ? route->path_prefix : "/", *path = endpoint->stable->recipe.probe_path;

    if (is_stripped(endpoint))
        return arena_printf(endpoint->arena, "%.*s%s", prefix_length(prefix), prefix, path ? path : "/");
    return knows_path(endpoint) ? path : prefix;
}

/* Of the Gateway: the listener that is meant, and its address; what is missing, NULL when nothing is. */
static const char *find_door(const struct endpoint *endpoint,
                             const json_t *gateway,
                             const json_t **ret_listener,
                             const char **ret_address)
{
    const json_t *address = json_array_get(jb_get(jb_get(gateway, "status"), "addresses"), 0);

    *ret_listener = find_listener(endpoint, jb_get(jb_get(gateway, "spec"), "listeners"));
    *ret_address = jb_get_str(address, "value");
    if (!*ret_listener)
        return "its Gateway has no listener of HTTP or HTTPS that parentRefs name, with one of the hostnames";
    if (!**ret_address)
        return "its Gateway has no address yet";
    if (strcmp(jb_get_str(address, "type"), "Hostname") == 0)
        return "its Gateway's address is a host name, and only numeric ones are asked";
    return NULL;
}

static struct ask door_ask(const struct endpoint *endpoint, const json_t *listener, const char *address)
{
    return (struct ask){ .type = ASK_PROBE,
                         .key = reach_key,
                         .url = arena_printf(endpoint->arena,
                                             strchr(address, ':') ? "%s://[%s]:%d%s" : "%s://%s:%d%s",
                                             is_secured(listener) ? "https" : "http",
                                             address,
                                             (int)jb_get_int(listener, "port", 80),
                                             path_of(endpoint)),
                         .host = host_of(endpoint, jb_get_str(listener, "hostname")),
                         .count = REACH_COUNT,
                         .timeout_ms = REACH_TIMEOUT };
}

/* Where and what to ask, in the arena; or why that cannot be known. */
static const char *plan_reach(const struct endpoint *endpoint, struct ask *ret)
{
    const struct answer *answer = answer_find(endpoint->in, gateway_key);
    json_auto_t *gateway = NULL;
    const json_t *listener;
    const char *address, *missing;
    struct error err;

    if (!endpoint->in->can_probe)
        return "the operator cannot reach addresses of the cluster";
    if (endpoint->stable->recipe.protocol != PROTOCOL_HTTP)
        return "only HTTP endpoints are asked";
    if (!endpoint->stable->ready)
        return "no pod of the stable revision is ready";
    if (!answer)
        return "its Gateway is being looked at";
    if (answer->error)
        return arena_printf(endpoint->arena, "its Gateway cannot be looked at: %.400s", answer->error);
    if (jb_parse(answer->text, &gateway, &err) < 0)
        return "its Gateway cannot be understood";
    missing = find_door(endpoint, gateway, &listener, &address);
    if (!missing)
        *ret = door_ask(endpoint, listener, address);
    return missing;
}

static bool is_answered(const struct endpoint *endpoint, const struct answer *answer)
{
    if (!answer || !answer->status)
        return false;
    return answer->good || (!knows_path(endpoint) && answer->status < 500 && answer->status != 404);
}

static bool was_reached(const struct endpoint *endpoint)
{
    return said_before(endpoint, "RouteProbed")->status == SERVINGENDPOINT_STATUS_CONDITIONS_STATUS_TRUE;
}

void ask_about_route(const struct endpoint *endpoint, struct plan *out)
{
    struct ask reach;
    const char *missing;
    bool is_quiet;

    if (!endpoint->spec->route || !endpoint->stable || !has_route(endpoint))
        return;
    missing = plan_reach(endpoint, &reach);
    is_quiet = !missing && !endpoint->candidate && is_answered(endpoint, answer_find(endpoint->in, reach_key));
    plan_ask(out,
             (struct ask){ .type = ASK_OBJECT,
                           .key = gateway_key,
                           .path = arena_printf(endpoint->arena,
                                                "/apis/gateway.networking.k8s.io/v1/namespaces/%s/gateways/%s",
                                                gateway_namespace(endpoint),
                                                gateway_name(endpoint)),
                           .every_s = is_quiet || !endpoint->in->can_probe ? GATEWAY_EVERY : SOON,
                           .timeout_ms = GATEWAY_TIMEOUT });
    if (missing)
        return;
    reach.every_s = is_quiet ? REACH_EVERY : SOON;
    plan_ask(out, reach);
}

enum reach endpoint_reach(const struct endpoint *endpoint, const char **ret_why)
{
    const struct answer *answer = answer_find(endpoint->in, reach_key);
    struct ask ask;

    *ret_why = plan_reach(endpoint, &ask);
    if (*ret_why)
        return REACH_UNKNOWN;
    if (is_answered(endpoint, answer) || (answer && answer->misses < MISSES && was_reached(endpoint)))
        return REACH_YES;
    if (!answer || !answer->status) {
        *ret_why = answer && answer->error ? answer->error : "the first request is under way";
        return REACH_UNKNOWN;
    }
    *ret_why = probe_problem(endpoint, answer);
    if (answer->status != 404)
        return REACH_NO;
    *ret_why = "answers 404: another route may have its host and path, or the server does not know the path";
    if (knows_path(endpoint))
        return REACH_NO;
    *ret_why = "a 404 says nothing: no readinessProbe of the template has a path that is seen from outside";
    return REACH_UNKNOWN;
}

bool awaits_answer(const struct endpoint *endpoint)
{
    struct ask ask;

    if (!endpoint->in->can_probe || endpoint->stable->recipe.protocol != PROTOCOL_HTTP)
        return false;
    return !answer_find(endpoint->in, gateway_key) ||
           (!plan_reach(endpoint, &ask) && !answer_find(endpoint->in, reach_key));
}

/* Of *.example.com nobody can say which host is meant. */
static const char *first_host(const struct servingendpoint_spec_route *route)
{
    for (size_t i = 0; i < route->hostnames_count; i++)
        if (route->hostnames[i][0] != '*')
            return route->hostnames[i];
    return NULL;
}

/* A listener that speaks TLS takes it; until the Gateway was looked at again, as it was said before. */
static bool is_https(const struct endpoint *endpoint)
{
    const struct answer *answer = answer_find(endpoint->in, gateway_key);
    json_auto_t *gateway = NULL;
    const json_t *listeners;
    struct error err;

    if (!answer || answer->error || jb_parse(answer->text, &gateway, &err) < 0)
        return endpoint->status->url && strncmp(endpoint->status->url, "https:", 6) == 0;
    listeners = jb_get(jb_get(gateway, "spec"), "listeners");
    for (size_t i = 0; i < json_array_size(listeners); i++)
        if (is_secured(json_array_get(listeners, i)) && takes_route(endpoint, json_array_get(listeners, i)))
            return true;
    return false;
}

const char *endpoint_url(const struct endpoint *endpoint)
{
    const struct servingendpoint_spec_route *route = endpoint->spec->route;

    if (!endpoint->stable)
        return NULL;
    if (route && has_route(endpoint) && first_host(route))
        return arena_printf(endpoint->arena,
                            "%s://%s%s",
                            is_https(endpoint) ? "https" : "http",
                            first_host(route),
                            route->path_prefix ? route->path_prefix : "");
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

static const char not_found[] = "GatewayNotFound";

/* As it was said before, until somebody has looked again. */
static bool is_missing(const struct endpoint *endpoint)
{
    const struct answer *answer = answer_find(endpoint->in, gateway_key);

    if (!answer)
        return strcmp(said_before(endpoint, "Routed")->reason, not_found) == 0;
    return answer->error && strcmp(answer->error, ANSWER_NO_OBJECT) == 0;
}

static struct standing unrouted(const struct endpoint *endpoint)
{
    const struct failure *failure = find_failure(endpoint);
    struct arena *arena = endpoint->arena;

    if (is_route_hidden(endpoint))
        return (struct standing){ false,
                                  "RouteForbidden",
                                  "The operator may not read routes: give its role get, list, watch, create, patch and "
                                  "delete of httproutes and grpcroutes in gateway.networking.k8s.io; until then no "
                                  "revision is promoted, and none goes" };
    if (!has_route(endpoint))
        return (struct standing){ false,
                                  "GatewayAPIMissing",
                                  arena_printf(arena,
                                               "This cluster has no Gateway API%s, so that spec.route can do nothing: "
                                               "install its resource definitions and a gateway, or remove spec.route; "
                                               "the Service %s answers inside the cluster",
                                               endpoint->in->absent[KIND_HTTP_ROUTE] ? "" : " with GRPCRoute",
                                               endpoint->name) };
    if (failure)
        return (struct standing){ false,
                                  failure->type == FAILURE_TAKEN ? "NameTaken" : "RouteRefused",
                                  arena_printf(arena,
                                               "The route %s cannot be written: %s%.500s",
                                               failure->name,
                                               failure->type == FAILURE_TAKEN ? "delete what has that name; " : "",
                                               failure->message) };
    if (is_missing(endpoint))
        return (struct standing){ false,
                                  not_found,
                                  arena_printf(arena,
                                               "There is no Gateway %s in namespace %s: correct spec.route.parentRefs, "
                                               "or create it",
                                               gateway_name(endpoint),
                                               gateway_namespace(endpoint)) };
    if (!endpoint->stable)
        return (struct standing){ false, "WaitingForRevision", "The route is made when the first revision is ready" };
    return (struct standing){ false,
                              "WaitingForGateway",
                              arena_printf(arena,
                                           "No gateway has taken the route yet: see whether Gateway %s in namespace %s "
                                           "has a controller that runs, and lets routes of namespace %s in",
                                           gateway_name(endpoint),
                                           gateway_namespace(endpoint),
                                           endpoint->in->self->namespace) };
}

struct standing route_standing(const struct endpoint *endpoint)
{
    if (endpoint->route.problem)
        return (struct standing){ false, endpoint->route.reason, endpoint->route.problem };
    if (endpoint->route.judged && has_route(endpoint) && !find_failure(endpoint))
        return (struct standing){ true, "Accepted", "Gateways have taken the route" };
    return unrouted(endpoint);
}

/* Until there is an answer, what was said before. */
static bool say_again(const struct endpoint *endpoint, struct plan *out)
{
    const struct servingendpoint_status_conditions *before = said_before(endpoint, "RouteProbed");

    if (!awaits_answer(endpoint) || !*before->reason)
        return false;
    if (before->status == SERVINGENDPOINT_STATUS_CONDITIONS_STATUS_UNKNOWN)
        plan_condition_unknown(out, "RouteProbed", before->reason, "%s", before->message);
    else
        plan_condition(out,
                       "RouteProbed",
                       before->status == SERVINGENDPOINT_STATUS_CONDITIONS_STATUS_TRUE,
                       before->reason,
                       "%s",
                       before->message);
    return true;
}

static void say_reached(const struct endpoint *endpoint, struct plan *out)
{
    const char *why = NULL;
    enum reach reach = endpoint_reach(endpoint, &why);

    if (reach == REACH_YES)
        plan_condition(out, "RouteProbed", true, "Answers", "A request through the Gateway was answered");
    else if (reach == REACH_NO)
        plan_condition(out, "RouteProbed", false, "AnswersBadly", "Through the Gateway it %s", why);
    else if (!say_again(endpoint, out))
        plan_condition_unknown(out, "RouteProbed", "NotProbed", "It is not known whether the Gateway answers: %s", why);
}

void say_route(const struct endpoint *endpoint, struct plan *out)
{
    struct standing standing;

    if (!endpoint->spec->route)
        return;
    standing = route_standing(endpoint);
    plan_condition(out, "Routed", standing.is_good, standing.reason, "%s", standing.text);
    if (endpoint->stable && has_route(endpoint))
        say_reached(endpoint, out);
}
