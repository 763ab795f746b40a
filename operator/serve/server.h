#pragma once
/*
 * GET /healthz, /readyz and /metrics on a vhost of their own in a libwebsockets context that somebody else services.
 * All calls are on that context's service thread.
 */

#include <libwebsockets.h>

#include "../base/error.h"
#include "health.h"

struct server;

/* Called when somebody asks for metrics; server_metrics answers all who have asked until then. */
typedef void server_wants_metrics(void *context);

/* Listens at "address:port" or ":port"; ERROR_INVALID when that cannot be read or had. */
int server_create(struct lws_context *lws,
                  const char *listen,
                  struct health *health,
                  server_wants_metrics *wants,
                  void *context,
                  struct server **ret,
                  struct error *err) must_check;
void server_destroy(struct server *server); /* after the context, whose connections use it; NULL is fine */

void server_metrics(struct server *server, const char *text);
