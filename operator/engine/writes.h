#pragma once
/* The requests that change something, made from objects and bodies. Each has the server-side and our own time limit. */

#include <jansson.h>

#include "state.h"

struct http_request *write_status(struct engine *engine, const struct object *self, const json_t *patch);
struct http_request *write_create(struct engine *engine, enum kind kind, const char *namespace, const json_t *body);
struct http_request *write_apply(struct engine *engine, const struct object *child, const json_t *body);

/* That uid only. By force: at once, without waiting for whoever runs it. */
struct http_request *write_delete(struct engine *engine, const struct object *child, bool by_force);

struct http_request *write_release(struct engine *engine, const struct object *child); /* strips FINALIZER_RECORD */

/*
 * Sets spec.replicas, by a patch of the object: that needs no right beyond what strays need (patch), where /scale would
 * need one more. It holds for that uid and for any version: the number does not follow from the one that was there, so
 * whoever wrote in between loses nothing by it, and a Deployment's status, which changes with every pod, would make a
 * write for one version fail again and again.
 */
struct http_request *write_scale(struct engine *engine, const struct object *child, int scale);
struct http_request *write_relabel(struct engine *engine,
                                   const struct object *child); /* puts our labels back, on that version */
struct http_request *write_guard(struct engine *engine, const struct object *self, bool on); /* FINALIZER_IN_USE */

/* Not from a cache, as all reads here. */
struct http_request *read_object(struct engine *engine, enum kind kind, const char *namespace, const char *name);

/* A list of the kind, of which only its resourceVersion matters. */
struct http_request *read_version(struct engine *engine, enum kind kind, const char *namespace);
