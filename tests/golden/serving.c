/*
 * What a case of a ServingEndpoint says in a line: INDEX.md has the words. A revision is many objects, which differ
 * from case to case in a few numbers; they are written out here as the API server, its controllers and gateways would.
 */

#include <stdio.h>
#include <string.h>

#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "sample.h"

static const char placeholder[] = "REVISION";

static const char *endpoint_name(const struct sample *sample)
{
    return jb_get_str(jb_get(json_array_get(sample->objects, 0), "metadata"), "name");
}

static bool is_kind(const json_t *object, const char *kind)
{
    return strcmp(jb_get_str(object, "kind"), kind) == 0;
}

static bool is_false(const json_t *value)
{
    return json_is_false(value);
}

/* -- objects of a revision ----------------------------------------------------------------------------------------- */

static json_t *labels_of(const struct sample *sample, const char *role)
{
    return OBJ({ "app.kubernetes.io/managed-by", jb_str("kitae") },
               { "kitae.dev/owner-uid", jb_fmt("uid-of-%s", endpoint_name(sample)) },
               { "kitae.dev/endpoint", jb_str(endpoint_name(sample)) },
               { "kitae.dev/role", role ? jb_str(role) : NULL });
}

/* A child of the endpoint, with the metadata that tells so. */
static json_t *child(const struct sample *sample, const char *kind, const char *name, const char *role, json_t *spec)
{
    const char *version = strcmp(kind, "Deployment") == 0                ? "apps/v1"
                          : strcmp(kind, "HorizontalPodAutoscaler") == 0 ? "autoscaling/v2"
                          : strcmp(kind, "PodDisruptionBudget") == 0     ? "policy/v1"
                          : strcmp(kind, "Service") == 0                 ? "v1"
                                                                         : "gateway.networking.k8s.io/v1";

    return OBJ({ "apiVersion", jb_str(version) },
               { "kind", jb_str(kind) },
               { "metadata",
                 OBJ({ "name", jb_str(name) },
                     { "labels", labels_of(sample, role) },
                     { "ownerReferences",
                       ARR(OBJ({ "apiVersion", jb_str("kitae.dev/v1alpha1") },
                               { "kind", jb_str("ServingEndpoint") },
                               { "name", jb_str(endpoint_name(sample)) },
                               { "uid", jb_fmt("uid-of-%s", endpoint_name(sample)) },
                               { "controller", json_true() })) }) },
               { "spec", spec });
}

/* Up within 20 seconds: scheduled after 1, started after 9. */
static json_t *ready_status(void)
{
    return OBJ({ "phase", jb_str("Running") },
               { "conditions",
                 ARR(OBJ({ "type", jb_str("PodScheduled") },
                         { "status", jb_str("True") },
                         { "lastTransitionTime", jb_str("2026-11-22T09:50:01Z") }),
                     OBJ({ "type", jb_str("Ready") },
                         { "status", jb_str("True") },
                         { "lastTransitionTime", jb_str("2026-11-22T09:50:20Z") })) },
               { "containerStatuses",
                 ARR(OBJ({ "name", jb_str("server") },
                         { "ready", json_true() },
                         { "state", OBJ({ "running", OBJ({ "startedAt", jb_str("2026-11-22T09:50:09Z") }) }) })) });
}

static json_t *pod(const struct sample *sample, const char *role, int number, bool ready, bool going)
{
    return OBJ({ "apiVersion", jb_str("v1") },
               { "kind", jb_str("Pod") },
               { "metadata",
                 OBJ({ "name", jb_fmt("%s-%d", role, number) },
                     { "creationTimestamp", jb_str("2026-11-22T09:50:00Z") },
                     { "deletionTimestamp", going ? jb_str("2026-11-22T09:59:50Z") : NULL },
                     { "labels", labels_of(sample, role) },
                     { "ownerReferences",
                       ARR(OBJ({ "apiVersion", jb_str("apps/v1") },
                               { "kind", jb_str("ReplicaSet") },
                               { "name", jb_str(role) },
                               { "uid", jb_fmt("uid-of-rs-%s", role) },
                               { "controller", json_true() })) }) },
               { "status", ready ? ready_status() : OBJ({ "phase", jb_str("Pending") }) });
}

/* Revision: {name, replicas, pods, ready, counted, going, address, autoscaler, deployment, service} */
static void add_revision(const struct sample *sample, const json_t *from, json_t *to)
{
    const char *name = jb_get_str(from, "name"), *address = jb_get_str(from, "address");
    int replicas = (int)jb_get_int(from, "replicas", 1), pods = (int)jb_get_int(from, "pods", replicas);
    int ready = (int)jb_get_int(from, "ready", pods), going = (int)jb_get_int(from, "going", 0);
    int fewest = (int)jb_get_int(from, "autoscaler", 0);

    if (!is_false(jb_get(from, "deployment"))) {
        json_t *deployment = child(sample, "Deployment", name, name, OBJ({ "replicas", jb_int(replicas) }));

        jb_set(deployment, "status", OBJ({ "readyReplicas", jb_int(jb_get_int(from, "counted", ready)) }));
        jb_append(to, deployment);
    }
    if (!is_false(jb_get(from, "service")))
        jb_append(
            to, child(sample, "Service", name, name, OBJ({ "clusterIP", jb_str(*address ? address : "10.96.0.10") })));
    if (fewest)
        jb_append(to, child(sample, "HorizontalPodAutoscaler", name, name, OBJ({ "minReplicas", jb_int(fewest) })));
    for (int i = 0; i < pods + going; i++)
        jb_append(to, pod(sample, name, i + 1, i < ready, i >= pods));
}

/* Pod: {of, status}: one more, numbered 9, that is not ready. */
static void add_pod(const struct sample *sample, const json_t *from, json_t *to)
{
    json_t *one = pod(sample, jb_get_str(from, "of"), 9, false, false);

    jb_set(one, "status", jb_copy(jb_get(from, "status")));
    jb_append(to, one);
}

/* Service: {selects}: the one of the endpoint's name. */
static void add_service(const struct sample *sample, const json_t *from, json_t *to)
{
    const char *name = endpoint_name(sample);
    json_t *selector =
        OBJ({ "kitae.dev/endpoint", jb_str(name) }, { "kitae.dev/role", jb_str(jb_get_str(from, "selects")) });

    jb_append(
        to, child(sample, "Service", name, NULL, OBJ({ "clusterIP", jb_str("10.96.0.1") }, { "selector", selector })));
}

/* -- the route ----------------------------------------------------------------------------------------------------- */

static json_t *backends(const json_t *weights)
{
    json_t *list = json_array(), *weight;
    const char *name;

    json_object_foreach((json_t *)weights, name, weight)
        jb_append(list,
                  OBJ({ "group", jb_str("") },
                      { "kind", jb_str("Service") },
                      { "name", jb_str(name) },
                      { "port", jb_int(8080) },
                      { "weight", jb_copy(weight) }));
    return list;
}

static json_t *condition(const char *type, const json_t *refused, int generation)
{
    bool is_bad = refused && strcmp(jb_get_str(refused, "type"), type) == 0;

    return OBJ({ "type", jb_str(type) },
               { "status", jb_str(is_bad ? "False" : "True") },
               { "reason", jb_str(is_bad ? jb_get_str(refused, "reason") : type) },
               { "message", jb_str(is_bad ? jb_get_str(refused, "message") : "") },
               { "observedGeneration", jb_int(generation) });
}

/* As each Gateway of the endpoint's writes it, of the route as it is now, or as it was. */
static json_t *parents(const struct sample *sample, const json_t *from)
{
    const json_t *refs = jb_get(jb_get(jb_get(json_array_get(sample->objects, 0), "spec"), "route"), "parentRefs");
    const json_t *refused = jb_get(from, "refused");
    int seen = (int)jb_get_int(from, "seen", (int)json_array_size(refs));
    json_t *list = json_array();

    if (jb_get(from, "left"))
        jb_append(list,
                  OBJ({ "parentRef", OBJ({ "name", jb_str(jb_get_str(from, "left")) }) },
                      { "conditions", ARR(condition("Accepted", NULL, 1)) }));
    for (int i = 0; i < (int)json_array_size(refs); i++)
        jb_append(list,
                  OBJ({ "controllerName", jb_str("example.com/gateway") },
                      { "parentRef", jb_copy(json_array_get(refs, (size_t)i)) },
                      { "conditions",
                        ARR(condition("Accepted", refused, i < seen ? 2 : 1),
                            condition("ResolvedRefs", refused, i < seen ? 2 : 1)) }));
    return list;
}

/* HTTPRoute, GRPCRoute: {weights, hostnames, seen, silent, refused, left} */
static void add_route(const struct sample *sample, const json_t *from, json_t *to)
{
    json_t *spec = OBJ({ "hostnames", jb_copy(jb_get(from, "hostnames")) },
                       { "rules", ARR(OBJ({ "backendRefs", backends(jb_get(from, "weights")) })) });
    json_t *route = child(sample, jb_get_str(from, "kind"), endpoint_name(sample), NULL, spec);

    jb_set(jb_child_object(route, "metadata"), "generation", jb_int(2));
    if (!json_is_true(jb_get(from, "silent")))
        jb_set(route, "status", OBJ({ "parents", parents(sample, from) }));
    jb_append(to, route);
}

static void expand_one(const struct sample *sample, const json_t *from, json_t *to)
{
    if (is_kind(from, "Revision"))
        add_revision(sample, from, to);
    else if (is_kind(from, "Pod") && jb_get(from, "of"))
        add_pod(sample, from, to);
    else if (is_kind(from, "Service") && jb_get(from, "selects"))
        add_service(sample, from, to);
    else if (jb_get(from, "weights"))
        add_route(sample, from, to);
    else if (is_kind(from, "PodDisruptionBudget") && !jb_get(from, "metadata"))
        jb_append(to, child(sample, "PodDisruptionBudget", endpoint_name(sample), NULL, json_object()));
    else
        jb_append(to, jb_copy(from));
}

/* -- the name of what the spec asks for ---------------------------------------------------------------------------- */

static json_t *replace_text(const char *text, const char *name)
{
    auto_strbuf struct strbuf buf = { 0 };
    const char *found;

    while ((found = strstr(text, placeholder))) {
        strbuf_append(&buf, text, (size_t)(found - text));
        strbuf_adds(&buf, name);
        text = found + strlen(placeholder);
    }
    strbuf_adds(&buf, text);
    return jb_str(strbuf_text(&buf));
}

/* A copy of the value with the name in place of each REVISION, in keys too. */
static json_t *replace(const json_t *value, const char *name)
{
    const char *key;
    json_t *copy, *member;
    size_t index;

    if (json_is_string(value))
        return replace_text(json_string_value(value), name);
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, index, member)
            jb_append(copy, replace(member, name));
        return copy;
    }
    if (!json_is_object(value))
        return jb_copy(value);
    copy = json_object();
    json_object_foreach((json_t *)value, key, member) {
        json_auto_t *replaced = replace_text(key, name);

        jb_set(copy, json_string_value(replaced), replace(member, name));
    }
    return copy;
}

/* Custom resources alone: the endpoint as if it were new, and the Models that it may name. */
static int find_name(const struct sample *sample, char **ret_name, struct error *err)
{
    json_auto_t *objects = json_array();
    struct dry_run_input input = { .objects = objects };
    auto_dry_run struct dry_run run = { 0 };
    const char *name;

    for (size_t i = 0; i < json_array_size(sample->objects); i++)
        if (strncmp(jb_get_str(json_array_get(sample->objects, i), "apiVersion"), "kitae.dev/", 10) == 0)
            jb_append(objects, jb_copy(json_array_get(sample->objects, i)));
    json_object_del(json_array_get(objects, 0), "status");
    json_object_del(jb_child_object(json_array_get(objects, 0), "metadata"), "deletionTimestamp");
    if (dry_run(&input, &run, err) < 0)
        return -1;
    name = jb_get_str(jb_get(jb_get(run.summary, "status"), "candidate"), "revision");
    *ret_name = xstrdup(*name ? name : placeholder);
    return 0;
}

int serving_name(struct sample *sample, struct error *err)
{
    auto_free char *name = NULL;
    json_t *objects, *header;

    if (find_name(sample, &name, err) < 0)
        return -1;
    objects = replace(sample->objects, name);
    header = replace(sample->header, name);
    json_decref(sample->objects);
    json_decref(sample->header);
    sample->objects = objects;
    sample->header = header;
    return 0;
}

/* -- what Kitae would make of it ----------------------------------------------------------------------------------- */

static void add_bodies(const struct dry_run_input *input, json_t *to)
{
    auto_dry_run struct dry_run run = { 0 };
    struct error err;

    if (dry_run(input, &run, &err) == 0)
        json_array_extend(to, run.bodies);
}

json_t *serving_made(const struct sample *sample)
{
    struct dry_run_input input = { .objects = sample->objects, .confirmed = true };
    json_t *made = json_array();

    add_bodies(&input, made);
    return made;
}

void serving_complete_route(json_t *route, const json_t *made)
{
    json_t *own = json_array_get(jb_get(jb_get(route, "spec"), "rules"), 0);
    const json_t *whole = json_array_get(jb_get(jb_get(made, "spec"), "rules"), 0);

    if (own && whole)
        json_object_update_missing(own, (json_t *)whole);
}

void serving_expand(struct sample *sample)
{
    json_t *objects = json_array();

    for (size_t i = 0; i < json_array_size(sample->objects); i++)
        expand_one(sample, json_array_get(sample->objects, i), objects);
    json_decref(sample->objects);
    sample->objects = objects;
}
