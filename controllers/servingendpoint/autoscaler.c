#include "../../operator/base/jb.h"
#include "endpoint.h"

/* -- autoscalers: one for each revision that lives
 * ------------------------------------------------------------------------- */

static json_t *cpu_metric(int64_t percent)
{
    return ARR(
        OBJ({ "type", jb_str("Resource") },
            { "resource",
              OBJ({ "name", jb_str("cpu") },
                  { "target", OBJ({ "type", jb_str("Utilization") }, { "averageUtilization", jb_int(percent) }) }) }));
}

/* The fewest pods are what its share of the traffic needs, before it has that share. */
static json_t *autoscaler_body(const struct observed *in, const struct identity *identity)
{
    const struct revision *revision;
    json_auto_t *spec = NULL;
    struct endpoint endpoint;
    struct error err;

    endpoint_init(&endpoint, in);
    revision = find_revision(&endpoint, identity->role);
    if (!revision || jb_parse(endpoint.spec->autoscaling, &spec, &err) < 0)
        BUG("no autoscaling for '%s'", identity->role);
    return OBJ({ "metadata", OBJ({ "labels", OBJ({ "kitae.dev/endpoint", jb_str(endpoint.name) }) }) },
               { "spec",
                 OBJ({ "scaleTargetRef",
                       OBJ({ "apiVersion", jb_str("apps/v1") },
                           { "kind", jb_str("Deployment") },
                           { "name", jb_str(revision->recipe.name) }) },
                     { "minReplicas", jb_int(floor_of(&endpoint, revision)) },
                     { "maxReplicas", jb_int(endpoint.scaling.max) },
                     { "metrics",
                       jb_get(spec, "metrics") ? jb_copy(jb_get(spec, "metrics"))
                                               : cpu_metric(jb_get_int(spec, "cpuPercent", 0)) },
                     { "behavior", jb_copy(jb_get(spec, "behavior")) }) });
}

static void want_autoscaler(const struct endpoint *endpoint, const struct revision *revision, struct plan *out)
{
    const char *name = revision->recipe.name;

    if (!endpoint->scaling.on) {
        if (revision->autoscaler)
            plan_drop(out, revision->autoscaler);
    } else if (revision->deployment) {
        plan_apply_as(out, KIND_AUTOSCALER, name, (struct identity){ .role = name }, autoscaler_body);
    }
}

/* -- the budget: of one pod it would only stand in the way of a drain
 * -------------------------------------------------------- */

static json_t *budget_body(const struct observed *in, const struct identity *identity)
{
    (void)identity;
    return OBJ({ "metadata", OBJ({ "labels", OBJ({ "kitae.dev/endpoint", jb_str(in->self->name) }) }) },
               { "spec",
                 OBJ({ "selector", OBJ({ "matchLabels", OBJ({ "kitae.dev/endpoint", jb_str(in->self->name) }) }) },
                     { "maxUnavailable", jb_str("25%") }) });
}

static void want_budget(const struct endpoint *endpoint, struct plan *out)
{
    const struct object *budget = objects_find(endpoint->in->children[KIND_BUDGET], KIND_BUDGET, endpoint->name);
    int fewest = endpoint->scaling.on ? endpoint->scaling.min : endpoint->replicas;

    if (fewest > 1)
        plan_apply(out, KIND_BUDGET, endpoint->name, budget_body);
    else if (budget)
        plan_drop(out, budget);
}

void want_autoscalers(const struct endpoint *endpoint, struct plan *out)
{
    for (int i = 0; i < endpoint->revision_count; i++) {
        const struct revision *revision = &endpoint->revisions[i];

        if (revision->role == ROLE_STABLE || revision->role == ROLE_CANDIDATE)
            want_autoscaler(endpoint, revision, out);
    }
    want_budget(endpoint, out);
}
