#include "live.h"

#include "../base/jb.h"
#include "../engine/paths.h"
#include "../model/controller.h"

/* -- the resource itself ----------------------------------------------------------------------------------------------
 */

static const char *metadata_of(const json_t *resource, const char *field)
{
    return jb_get_str(jb_get(resource, "metadata"), field);
}

/* As a server would have it behind the change: another generation where the spec is another. */
static json_t *as_applied(const json_t *there, const json_t *resource)
{
    json_t *applied = jb_copy(there), *metadata = jb_child_object(applied, "metadata");
    json_t *said = (json_t *)jb_get(jb_get(resource, "metadata"), "annotations");

    if (said)
        json_object_update(jb_child_object(metadata, "annotations"), said);
    if (json_equal(jb_get(there, "spec"), jb_get(resource, "spec")))
        return applied;
    jb_set(applied, "spec", jb_copy(jb_get(resource, "spec")));
    jb_set(metadata, "generation", jb_int(jb_get_int(metadata, "generation", 1) + 1));
    return applied;
}

static int read_self(
    struct session *session, enum kind kind, const json_t *resource, struct live *live, struct error *err)
{
    struct strbuf path = { 0 };
    json_auto_t *there = NULL;
    struct error answer;

    path_object(&path, kind, metadata_of(resource, "namespace"), metadata_of(resource, "name"));
    if (session_ask(session, http_request_create(HTTP_GET, strbuf_detach(&path), NULL, NULL), &there, &answer) == 0) {
        jb_append(live->objects, as_applied(there, resource));
        return 0;
    }
    if (answer.kind != ERROR_NOT_FOUND)
        return error_set(err, answer.kind, "%s", answer.message);
    live->is_new = true;
    jb_append(live->objects, jb_copy(resource));
    return 0;
}

/* -- what belongs to it
 * ------------------------------------------------------------------------------------------------ */

struct taking {
    struct live *live;
    enum kind kind;
};

/* Lists leave out what their items are. */
static void take(void *context, const json_t *object)
{
    const struct taking *taking = context;
    json_t *copy = jb_copy(object);

    jb_set(copy, "apiVersion", jb_str(kind_api_version(taking->kind)));
    jb_set(copy, "kind", jb_str(kind_info(taking->kind)->kind));
    jb_append(taking->live->objects, copy);
}

static int read_kind(struct session *session,
                     enum kind kind,
                     const char *namespace,
                     const char *query,
                     struct live *live,
                     struct error *err)
{
    struct taking taking = { live, kind };
    auto_strbuf struct strbuf path = { 0 };
    struct error answer;

    if (kind_info(kind)->unseen)
        return 0;
    path_collection(&path, kind, namespace);
    if (session_list(session, strbuf_text(&path), query, take, &taking, &answer) == 0)
        return 0;
    if (answer.kind != ERROR_NOT_FOUND)
        return error_set(err, answer.kind, "%s", answer.message);
    live->absent[kind] = true;
    return 0;
}

static int read_kinds(struct session *session,
                      const enum kind *kinds,
                      const char *namespace,
                      const char *query,
                      struct live *live,
                      struct error *err)
{
    for (; *kinds != KIND_COUNT; kinds++)
        if (read_kind(session, *kinds, namespace, query, live, err) < 0)
            return -1;
    return 0;
}

static int read_family(struct session *session,
                       const struct controller *controller,
                       const json_t *resource,
                       struct live *live,
                       struct error *err)
{
    const char *namespace = metadata_of(resource, "namespace");
    auto_strbuf struct strbuf query = { 0 };
    enum kind pods[] = { KIND_POD, KIND_COUNT };

    if (read_self(session, controller->kind, resource, live, err) < 0 ||
        read_kinds(session, controller->names, namespace, "", live, err) < 0)
        return -1;
    strbuf_addf(
        &query, "&labelSelector=" LABEL_OWNER_UID "%%3D%s", metadata_of(json_array_get(live->objects, 0), "uid"));
    if (read_kinds(session, controller->owns, namespace, strbuf_text(&query), live, err) < 0)
        return -1;
    for (const enum kind *kind = controller->owns; *kind != KIND_COUNT; kind++)
        if (*kind == KIND_POD)
            return 0;
    return read_kinds(session, pods, namespace, strbuf_text(&query), live, err);
}

int live_read(struct session *session, const json_t *resource, struct live *ret, struct error *err)
{
    const struct controller *controller =
        controller_find(kind_find(jb_get_str(resource, "apiVersion"), jb_get_str(resource, "kind")));
    struct live live = { .objects = json_array() };

    if (read_family(session, controller, resource, &live, err) < 0) {
        live_finish(&live);
        return -1;
    }
    *ret = live;
    return 0;
}

void live_finish(struct live *live)
{
    json_decref(live->objects);
    *live = (struct live){ 0 };
}
