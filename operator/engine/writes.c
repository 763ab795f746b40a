#include "writes.h"

#include <inttypes.h>

#include "../base/jb.h"
#include "paths.h"

static const char merge_patch[] = "application/merge-patch+json";
static const char strategic_patch[] = "application/strategic-merge-patch+json";
static const char apply_patch[] = "application/apply-patch+yaml";
static const char json_body[] = "application/json";

/* Adds what every write carries and makes the request; the body is dumped, not taken. */
static struct http_request *write_request(
    struct engine *engine, enum http_method method, struct strbuf *path, const char *type, const json_t *body)
{
    int64_t limit = engine->options.timings.write_timeout;
    struct http_request *request;

    strbuf_addf(
        path, "%ctimeout=%" PRId64 "s", strchr(strbuf_text(path), '?') ? '&' : '?', limit < 1000 ? 1 : limit / 1000);
    request = http_request_create(method, strbuf_detach(path), type, jb_dump(body, false));
    request->timeout_ms = (unsigned)limit;
    return request;
}

struct http_request *write_status(struct engine *engine, const struct object *self, const json_t *patch)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    json_auto_t *body = OBJ({ "metadata", OBJ({ "resourceVersion", jb_fmt("%" PRIu64, self->version) }) },
                            { "status", jb_copy(patch) });

    path_object(&path, self->kind, self->namespace, self->name);
    strbuf_adds(&path, "/status?fieldManager=kitae&fieldValidation=Strict");
    return write_request(engine, HTTP_PATCH, &path, merge_patch, body);
}

struct http_request *write_create(struct engine *engine, enum kind kind, const char *namespace, const json_t *body)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };

    path_collection(&path, kind, namespace);
    strbuf_adds(&path, "?fieldManager=kitae&fieldValidation=Strict");
    return write_request(engine, HTTP_POST, &path, json_body, body);
}

struct http_request *write_apply(struct engine *engine, const struct object *child, const json_t *body)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    json_auto_t *copy = jb_copy(body);

    jb_set(jb_child_object(copy, "metadata"), "uid", jb_str(child->uid));
    path_object(&path, child->kind, child->namespace, child->name);
    strbuf_adds(&path, "?fieldManager=kitae&force=true&fieldValidation=Strict");
    return write_request(engine, HTTP_PATCH, &path, apply_patch, copy);
}

struct http_request *write_delete(struct engine *engine, const struct object *child, bool by_force)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    json_auto_t *body = OBJ({ "apiVersion", jb_str("v1") },
                            { "kind", jb_str("DeleteOptions") },
                            { "propagationPolicy", jb_str("Background") },
                            { "gracePeriodSeconds", by_force ? jb_int(0) : NULL },
                            { "preconditions", OBJ({ "uid", jb_str(child->uid) }) });

    path_object(&path, child->kind, child->namespace, child->name);
    return write_request(engine, HTTP_DELETE, &path, json_body, body);
}

struct http_request *write_release(struct engine *engine, const struct object *child)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    json_auto_t *body = OBJ({ "metadata",
                              OBJ({ "uid", jb_str(child->uid) },
                                  { "$deleteFromPrimitiveList/finalizers", ARR(jb_str(FINALIZER_RECORD)) }) });

    path_object(&path, child->kind, child->namespace, child->name);
    strbuf_adds(&path, "?fieldManager=kitae");
    return write_request(engine, HTTP_PATCH, &path, strategic_patch, body);
}

struct http_request *write_scale(struct engine *engine, const struct object *child, int scale)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    json_auto_t *body =
        OBJ({ "metadata", OBJ({ "uid", jb_str(child->uid) }) }, { "spec", OBJ({ "replicas", jb_int(scale) }) });

    path_object(&path, child->kind, child->namespace, child->name);
    strbuf_adds(&path, "?fieldManager=kitae&fieldValidation=Strict");
    return write_request(engine, HTTP_PATCH, &path, merge_patch, body);
}

struct http_request *write_relabel(struct engine *engine, const struct object *child)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    json_auto_t *body = OBJ({ "metadata",
                              OBJ({ "uid", jb_str(child->uid) },
                                  { "resourceVersion", jb_fmt("%" PRIu64, child->version) },
                                  { "labels",
                                    OBJ({ LABEL_MANAGED_BY, jb_str(LABEL_MANAGED_BY_VALUE) },
                                        { LABEL_OWNER_UID, jb_str(child->owner_uid) }) }) });

    path_object(&path, child->kind, child->namespace, child->name);
    strbuf_adds(&path, "?fieldManager=kitae");
    return write_request(engine, HTTP_PATCH, &path, merge_patch, body);
}

/* Server-side apply owns just this: adding is naming it, removing is naming nothing. */
struct http_request *write_guard(struct engine *engine, const struct object *self, bool on)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    json_auto_t *body = OBJ({ "apiVersion", jb_str(kind_api_version(self->kind)) },
                            { "kind", jb_str(kind_info(self->kind)->kind) },
                            { "metadata",
                              OBJ({ "name", jb_str(self->name) },
                                  { "uid", jb_str(self->uid) },
                                  { "finalizers", ARR(on ? jb_str(FINALIZER_IN_USE) : NULL) }) });

    path_object(&path, self->kind, self->namespace, self->name);
    strbuf_adds(&path, "?fieldManager=kitae-guard&force=true");
    return write_request(engine, HTTP_PATCH, &path, apply_patch, body);
}

static struct http_request *read_request(struct engine *engine, struct strbuf *path)
{
    struct http_request *request = http_request_create(HTTP_GET, strbuf_detach(path), NULL, NULL);

    request->timeout_ms = (unsigned)engine->options.timings.list_timeout;
    return request;
}

struct http_request *read_object(struct engine *engine, enum kind kind, const char *namespace, const char *name)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };

    path_object(&path, kind, namespace, name);
    return read_request(engine, &path);
}

struct http_request *read_version(struct engine *engine, enum kind kind, const char *namespace)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };

    path_collection(&path, kind, namespace);
    strbuf_adds(&path, "?limit=1&resourceVersion=");
    return read_request(engine, &path);
}
