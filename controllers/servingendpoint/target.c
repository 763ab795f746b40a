#include <stdio.h>
#include <string.h>

#include "../../operator/base/digest.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../model/model_fields.h"
#include "endpoint.h"

enum {
    FORMAT = 1, /* of what is hashed: another one rolls every endpoint, so it never changes without need */
    HASH_DIGITS = 8,
    LONGEST_REQUEST = 253, /* bytes of the annotation that are remembered */
    LONGEST_PATH = 1024,   /* of a probe that is asked */
};

/* -- the model ----------------------------------------------------------------------------------------------------- */

static void wait_for_model(struct endpoint *endpoint, const char *what)
{
    endpoint->target.waits =
        arena_printf(endpoint->arena, "Waits for its model: Model %s %s", endpoint->spec->model_ref->name, what);
}

/* The name or digest of the version that is meant: by tag, or as it stands; NULL: the newest one, not there yet. */
static const char *meant_version(const struct model_spec *model, const struct model_status *status, const char *wanted)
{
    if (strcmp(wanted, "latest") == 0)
        return status->latest;
    for (size_t i = 0; i < model->tags_count; i++)
        if (strcmp(model->tags[i].name, wanted) == 0)
            return model->tags[i].version;
    return wanted;
}

static const struct model_status_versions *find_version(const struct model_status *status, const char *meant)
{
    for (size_t i = 0; meant && i < status->versions_count; i++)
        if (strcmp(status->versions[i].name, meant) == 0 || strcmp(status->versions[i].digest, meant) == 0)
            return &status->versions[i];
    return NULL;
}

static const char *missing_text(const struct endpoint *endpoint, const struct model_status *status)
{
    const char *wanted = endpoint->spec->model_ref->version;

    if (!status->latest)
        return arena_printf(endpoint->arena,
                            "has no version yet%s%.600s",
                            status->message ? ". It says: " : "",
                            status->message ? status->message : "");
    return arena_printf(endpoint->arena, "has no version or tag %s: the newest version is %s", wanted, status->latest);
}

static bool choose_version(struct endpoint *endpoint, const struct object *object)
{
    const struct model_spec *model = object_part(&model_spec_type, object->spec, endpoint->arena);
    const struct model_status *status = object_part(&model_status_type, object->status, endpoint->arena);
    const struct model_status_versions *version;

    if (!model || !status) {
        wait_for_model(endpoint, "cannot be read by this version of Kitae");
        return false;
    }
    version = find_version(status, meant_version(model, status, endpoint->spec->model_ref->version));
    if (!version)
        wait_for_model(endpoint, missing_text(endpoint, status));
    else if (version->removing)
        wait_for_model(endpoint, arena_printf(endpoint->arena, "is removing %s: name another version", version->name));
    else if (object->deleted_at)
        wait_for_model(endpoint, "is being deleted: make it anew");
    else {
        endpoint->target.recipe.model = endpoint->spec->model_ref->name;
        endpoint->target.recipe.version = version->name;
        endpoint->target.recipe.digest = version->digest;
    }
    return endpoint->target.recipe.digest != NULL;
}

static bool find_model(struct endpoint *endpoint)
{
    const struct servingendpoint_spec_model_ref *ref = endpoint->spec->model_ref;
    const struct object *object;

    if (!ref)
        return true;
    object = objects_find(endpoint->in->referred, KIND_MODEL, ref->name);
    if (object)
        return choose_version(endpoint, object);
    wait_for_model(endpoint, "does not exist: create it, or correct spec.modelRef");
    return false;
}

/* The pin is written: now either the Model's retention sees it, or this look sees the retention's mark. */
void confirm_model(const struct endpoint *endpoint, struct plan *out)
{
    const struct revision *candidate = endpoint->candidate;

    if (candidate && candidate->recorded && candidate->recipe.model && !candidate->deployment &&
        is_wanted(endpoint, candidate))
        plan_confirm(out, KIND_MODEL, candidate->recipe.model);
}

/* -- the template ----------------------------------------------------------------------------------------------------
 */

static bool refuse(struct endpoint *endpoint, const char *reason, const char *problem)
{
    endpoint->target.reason = reason;
    endpoint->target.problem = problem;
    return false;
}

/* The first port of the first container that has one. */
static int first_port(const json_t *pod_spec)
{
    const json_t *containers = jb_get(pod_spec, "containers");

    for (size_t i = 0; i < json_array_size(containers); i++) {
        const json_t *ports = jb_get(json_array_get(containers, i), "ports");

        if (json_array_size(ports))
            return (int)jb_get_int(json_array_get(ports, 0), "containerPort", 0);
    }
    return 0;
}

/* A probe's port is a number, or the name of one of the container's. */
static int64_t probed_port(const json_t *container, const json_t *port)
{
    return json_is_string(port)
               ? jb_get_int(jb_named(jb_get(container, "ports"), json_string_value(port)), "containerPort", 0)
               : json_integer_value(port);
}

/* Where the container that serves says itself whether it is ready; NULL: not by plain HTTP on its port. */
static const char *probe_path(const json_t *pod_spec, int port, struct arena *arena)
{
    const json_t *containers = jb_get(pod_spec, "containers");

    for (size_t i = 0; i < json_array_size(containers); i++) {
        const json_t *container = json_array_get(containers, i);
        const json_t *get = jb_get(jb_get(container, "readinessProbe"), "httpGet");
        const char *path = jb_get_str(get, "path");

        if (get && probed_port(container, jb_get(get, "port")) == port &&
            strcmp(jb_get_str(get, "scheme"), "HTTPS") != 0 && !json_array_size(jb_get(get, "httpHeaders")) &&
            strlen(path) < LONGEST_PATH)
            return arena_printf(arena, "%s%s", *path == '/' ? "" : "/", path);
    }
    return NULL;
}

static bool read_template(struct endpoint *endpoint, json_t **ret)
{
    struct error err;

    if (jb_parse(endpoint->spec->template, ret, &err) < 0)
        return refuse(endpoint,
                      "InvalidTemplate",
                      arena_printf(endpoint->arena, "spec.template: cannot be used: %s", err.message));
    return true;
}

static bool find_port(struct endpoint *endpoint, const json_t *template)
{
    struct recipe *recipe = &endpoint->target.recipe;
    const json_t *pod_spec = jb_get(template, "spec");

    recipe->port = endpoint->spec->has_port ? (int)endpoint->spec->port : first_port(pod_spec);
    if (!recipe->port)
        return refuse(endpoint,
                      "PortMissing",
                      "spec.port: no container of the template names a port: write spec.port, or "
                      "ports: [{containerPort: ...}] in the container that serves");
    if (endpoint->spec->protocol != SERVINGENDPOINT_SPEC_PROTOCOL_GRPC)
        recipe->probe_path = probe_path(pod_spec, recipe->port, endpoint->arena);
    return true;
}

/* -- the name --------------------------------------------------------------------------------------------------------
 */

/* Of the canonical text of what its pods are made from, and of nothing that another version of Kitae may add. */
static void name_target(struct endpoint *endpoint, json_t *take_template)
{
    const struct servingendpoint_spec_model_ref *ref = endpoint->spec->model_ref;
    struct recipe *recipe = &endpoint->target.recipe;
    json_auto_t *inputs = OBJ({ "format", jb_int(FORMAT) },
                              { "template", take_template },
                              { "model", recipe->model ? jb_str(recipe->model) : NULL },
                              { "digest", recipe->digest ? jb_str(recipe->digest) : NULL },
                              { "mountPath", ref && ref->mount_path ? jb_str(ref->mount_path) : NULL },
                              { "port", jb_int(recipe->port) },
                              { "protocol", jb_int(recipe->protocol) });
    auto_free char *text = jb_dump(inputs, true);
    char hash[DIGEST_SHORT];

    digest_short(slice_of(text), hash);
    recipe->name = arena_printf(endpoint->arena, "%s-%.*s", endpoint->name, HASH_DIGITS, hash);
}

void find_target(struct endpoint *endpoint)
{
    enum servingendpoint_spec_protocol protocol = endpoint->spec->protocol;
    json_t *template;

    endpoint->target.recipe.protocol = protocol ? (enum protocol)protocol : PROTOCOL_HTTP;
    if (!read_template(endpoint, &template))
        return;
    if (!find_port(endpoint, template) || !find_model(endpoint)) {
        json_decref(template);
        return;
    }
    name_target(endpoint, template);
    endpoint->target.known = true;
}

/* -- what was tried before
 * --------------------------------------------------------------------------------------------- */

const struct rejection *find_rejection(const struct endpoint *endpoint)
{
    const char *requested = endpoint->in->self->requested_at;

    if (!endpoint->target.known)
        return NULL;
    for (int i = 0; i < endpoint->rejected_count; i++) {
        const struct rejection *one = &endpoint->rejected[i];

        if (strcmp(one->revision, endpoint->target.recipe.name) == 0 &&
            strncmp(one->requested_at ? one->requested_at : "", requested, LONGEST_REQUEST) == 0)
            return one;
    }
    return NULL;
}
