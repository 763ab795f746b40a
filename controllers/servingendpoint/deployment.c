#include <string.h>

#include "../../operator/base/jb.h"
#include "../agent/agent_job.h"
#include "../model/model_fields.h"
#include "../model/store.h"
#include "endpoint.h"

enum {
    DRAIN_SECONDS = 15, /* a pod that goes answers on, until proxies have heard of it */
    GRACE_SECONDS = 30, /* behind that, as Kubernetes' own default */
};

static const char model_volume[] = "kitae-model";

static json_t *labels_of(const struct endpoint *endpoint, const struct recipe *recipe)
{
    return OBJ({ "kitae.dev/endpoint", jb_str(endpoint->name) }, { LABEL_ROLE, jb_str(recipe->name) });
}

/* -- what containers are told
 * -------------------------------------------------------------------------------------------- */

static void add_variable(const json_t *own, json_t *env, const char *name, const char *value)
{
    if (value && !jb_named(own, name))
        jb_append(env, OBJ({ "name", jb_str(name) }, { "value", jb_str(value) }));
}

/* Ours stand first, so that the template's own may use them; what it sets itself wins. */
static void add_environment(const struct endpoint *endpoint, json_t *container)
{
    const struct recipe *recipe = &endpoint->target.recipe;
    const struct servingendpoint_spec_model_ref *ref = endpoint->spec->model_ref;
    json_t *own = jb_child_array(container, "env"), *env = json_array();

    add_variable(own, env, "KITAE_ENDPOINT", endpoint->name);
    add_variable(own, env, "KITAE_REVISION", recipe->name);
    add_variable(own, env, "KITAE_PORT", arena_printf(endpoint->arena, "%d", recipe->port));
    add_variable(own, env, "KITAE_MODEL", recipe->model);
    add_variable(own, env, "KITAE_MODEL_DIGEST", recipe->digest);
    add_variable(own, env, "KITAE_MODEL_DIR", ref ? ref->mount_path : NULL);
    json_array_extend(env, own);
    jb_set(container, "env", env);
}

/* Of a grace that the template has itself half is left to the server; one below the sleep would be refused. */
static int64_t drain_of(const json_t *pod_spec)
{
    int64_t half = jb_get_int(pod_spec, "terminationGracePeriodSeconds", 2 * DRAIN_SECONDS) / 2;

    return half < DRAIN_SECONDS ? half : DRAIN_SECONDS;
}

static void add_drain(json_t *container, int64_t seconds)
{
    json_t *lifecycle = jb_child_object(container, "lifecycle");

    if (!jb_get(lifecycle, "preStop") && seconds > 0)
        jb_set(lifecycle, "preStop", OBJ({ "sleep", OBJ({ "seconds", jb_int(seconds) }) }));
}

static void mount_model(const struct endpoint *endpoint, json_t *container)
{
    const struct servingendpoint_spec_model_ref *ref = endpoint->spec->model_ref;
    const json_t *mounts = jb_get(container, "volumeMounts");

    for (size_t i = 0; ref && i < json_array_size(mounts); i++)
        if (strcmp(jb_get_str(json_array_get(mounts, i), "mountPath"), ref->mount_path) == 0)
            return;
    if (ref)
        agent_mount(container, model_volume, ref->mount_path, NULL, true);
}

static void complete_containers(const struct endpoint *endpoint, json_t *pod_spec)
{
    json_t *container;
    size_t at;

    json_array_foreach(json_object_get(pod_spec, "containers"), at, container) {
        add_environment(endpoint, container);
        add_drain(container, drain_of(pod_spec));
        mount_model(endpoint, container);
        if (!jb_get(container, "terminationMessagePolicy"))
            jb_set(container, "terminationMessagePolicy", jb_str("FallbackToLogsOnError"));
    }
    json_array_foreach(json_object_get(pod_spec, "initContainers"), at, container) {
        add_environment(endpoint, container);
        mount_model(endpoint, container);
    }
}

/* -- the model
 * ------------------------------------------------------------------------------------------------------------ */

/* Before all else in the pod, which goes no further when what came is not what was named. */
static void add_fetch(const struct endpoint *endpoint, json_t *pod_spec)
{
    const struct servingendpoint_spec_model_ref *ref = endpoint->spec->model_ref;
    const struct object *object = ref ? objects_find(endpoint->in->referred, KIND_MODEL, ref->name) : NULL;
    const struct model_spec *model = object ? object_part(&model_spec_type, object->spec, endpoint->arena) : NULL;
    json_t *args, *container;
    struct s3_place place;

    if (!model)
        return;
    place = model_store(model);
    args = ARR(jb_str("fetch"));
    agent_add_place(args, "store", &place);
    agent_add_flag(args, "digest", endpoint->target.recipe.digest);
    agent_add_flag(args, "to", ref->mount_path);
    container = agent_container(endpoint->in, model_volume, &place, args, pod_spec);
    agent_mount(container, model_volume, ref->mount_path, NULL, false);
    jb_append(jb_child_array(pod_spec, "volumes"),
              OBJ({ "name", jb_str(model_volume) }, { "emptyDir", json_object() }));
    json_array_insert_new(jb_child_array(pod_spec, "initContainers"), 0, container);
}

/* -- the pod
 * -------------------------------------------------------------------------------------------------------------- */

static void spread(const struct endpoint *endpoint, json_t *pod_spec)
{
    if (jb_get(pod_spec, "topologySpreadConstraints"))
        return;
    jb_set(pod_spec,
           "topologySpreadConstraints",
           ARR(OBJ({ "maxSkew", jb_int(1) },
                   { "topologyKey", jb_str("kubernetes.io/hostname") },
                   { "whenUnsatisfiable", jb_str("ScheduleAnyway") },
                   { "labelSelector", OBJ({ "matchLabels", labels_of(endpoint, &endpoint->target.recipe) }) })));
}

static json_t *pod_template(const struct endpoint *endpoint)
{
    json_t *template, *pod_spec, *labels;
    json_auto_t *ours = labels_of(endpoint, &endpoint->target.recipe);
    json_auto_t *metadata = agent_metadata(endpoint->in);
    struct error err;

    if (jb_parse(endpoint->spec->template, &template, &err) < 0)
        BUG("a template that was accepted: %s", err.message);
    labels = jb_child_object(jb_child_object(template, "metadata"), "labels");
    json_object_update(labels, ours);
    json_object_update(labels, (json_t *)jb_get(metadata, "labels"));
    pod_spec = jb_child_object(template, "spec");
    complete_containers(endpoint, pod_spec);
    add_fetch(endpoint, pod_spec);
    spread(endpoint, pod_spec);
    if (!jb_get(pod_spec, "terminationGracePeriodSeconds"))
        jb_set(pod_spec, "terminationGracePeriodSeconds", jb_int(DRAIN_SECONDS + GRACE_SECONDS));
    return template;
}

json_t *deployment_body(const struct observed *in, const struct identity *identity)
{
    struct endpoint endpoint;

    endpoint_init(&endpoint, in);
    if (strcmp(identity->role, endpoint.target.recipe.name) != 0)
        BUG("nobody remembers the template of '%s'", identity->role);
    return OBJ({ "metadata", OBJ({ "labels", OBJ({ "kitae.dev/endpoint", jb_str(endpoint.name) }) }) },
               { "spec",
                 OBJ({ "selector", OBJ({ "matchLabels", labels_of(&endpoint, &endpoint.target.recipe) }) },
                     { "revisionHistoryLimit", jb_int(0) },
                     { "template", pod_template(&endpoint) }) });
}

/* -- which
 * ------------------------------------------------------------------------------------------------------------------ */

/*
 * Made once and then left as it is, but for its size: what another version of Kitae would write restarts nobody's pods.
 * Only the revision that the spec asks for can be made; the others are there, or are lost with their template.
 */
void want_deployments(const struct endpoint *endpoint, struct plan *out)
{
    for (int i = 0; i < endpoint->revision_count; i++) {
        const struct revision *revision = &endpoint->revisions[i];
        const char *name = revision->recipe.name;
        bool is_target = endpoint->target.known && strcmp(name, endpoint->target.recipe.name) == 0;

        if (revision->role != ROLE_STABLE && revision->role != ROLE_CANDIDATE && !is_freed(endpoint, revision))
            continue;
        if (revision->deployment || (is_target && is_wanted(endpoint, revision)))
            plan_create_scaled(out,
                               KIND_DEPLOYMENT,
                               name,
                               (struct identity){ .role = name },
                               deployment_body,
                               scale_of(endpoint, revision));
    }
}
