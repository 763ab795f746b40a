#include <string.h>

#include "../../operator/base/jb.h"
#include "endpoint.h"

/* A Service for each revision, whose selector never changes, and one of the endpoint's name, for the stable one. */

static const char *const app_protocols[] = {
    [PROTOCOL_HTTP] = "http",
    [PROTOCOL_H2C] = "kubernetes.io/h2c",
    [PROTOCOL_GRPC] = "kubernetes.io/h2c",
};

static json_t *service_for(const struct endpoint *endpoint, const struct recipe *recipe)
{
    return OBJ({ "metadata", OBJ({ "labels", OBJ({ "kitae.dev/endpoint", jb_str(endpoint->name) }) }) },
               { "spec",
                 OBJ({ "selector",
                       OBJ({ "kitae.dev/endpoint", jb_str(endpoint->name) }, { LABEL_ROLE, jb_str(recipe->name) }) },
                     { "ports",
                       ARR(OBJ({ "name", jb_str("serve") },
                               { "port", jb_int(recipe->port) },
                               { "targetPort", jb_int(recipe->port) },
                               { "protocol", jb_str("TCP") },
                               { "appProtocol", jb_str(app_protocols[recipe->protocol]) })) }) });
}

static json_t *revision_body(const struct observed *in, const struct identity *identity)
{
    const struct revision *revision;
    struct endpoint endpoint;

    endpoint_init(&endpoint, in);
    revision = find_revision(&endpoint, identity->role);
    if (!revision)
        BUG("no revision '%s'", identity->role);
    return service_for(&endpoint, &revision->recipe);
}

bool is_named(const struct endpoint *endpoint, const char *revision)
{
    const struct object *object = objects_find(endpoint->in->children[KIND_SERVICE], KIND_SERVICE, endpoint->name);
    json_auto_t *spec = NULL;
    struct error err;

    return object && jb_parse(object->spec, &spec, &err) == 0 &&
           strcmp(jb_get_str(jb_get(spec, "selector"), LABEL_ROLE), revision) == 0;
}

/*
 * Whom the endpoint's name stands for. The first revision has it from the start: nobody else could answer there, and
 * the name is known early. Who has ready pods keeps it until another is stable. NULL: nobody yet.
 */
static const struct revision *namesake(const struct endpoint *endpoint)
{
    if (endpoint->stable)
        return endpoint->stable;
    for (int i = 0; i < endpoint->revision_count; i++) {
        const struct revision *revision = &endpoint->revisions[i];

        if (revision->role != ROLE_NONE && revision->ready && is_named(endpoint, revision->recipe.name))
            return revision;
    }
    return endpoint->candidate;
}

static json_t *stable_body(const struct observed *in, const struct identity *identity)
{
    struct endpoint endpoint;

    (void)identity;
    endpoint_init(&endpoint, in);
    return service_for(&endpoint, &namesake(&endpoint)->recipe);
}

void want_services(const struct endpoint *endpoint, struct plan *out)
{
    for (int i = 0; i < endpoint->revision_count; i++) {
        const struct revision *revision = &endpoint->revisions[i];
        const char *name = revision->recipe.name;

        if (revision->role == ROLE_STABLE || revision->role == ROLE_CANDIDATE)
            plan_apply_as(out, KIND_SERVICE, name, (struct identity){ .role = name }, revision_body);
    }
    if (namesake(endpoint))
        plan_apply(out, KIND_SERVICE, endpoint->name, stable_body);
}
