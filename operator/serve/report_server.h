#pragma once
/*
 * POST /reports over TLS, on a vhost of its own in a libwebsockets context that somebody else services. It carries
 * what pods send to whoever judges it, and the answer back. All calls are on that context's service thread.
 */

#include <libwebsockets.h>
#include <stdint.h>

#include "../base/error.h"

struct report_server;

/* A report has come whole. Texts are borrowed; exactly one report_server_answer must follow, from anywhere. */
typedef void report_handler(void *context, uint64_t id, const char *token, const char *body, size_t length);

/* Listens at "address:port" or ":port" from the first certificate on; ERROR_INVALID when that cannot be read. */
int report_server_create(struct lws_context *lws,
                         const char *listen,
                         report_handler *came,
                         void *context,
                         struct report_server **ret,
                         struct error *err) must_check;
void report_server_destroy(struct report_server *server); /* after the context; NULL is fine */

/*
 * Connections made from now on see these, PEM; texts that are no pair are logged, and the old ones stay. So is an
 * address that cannot be had.
 */
void report_server_certificate(struct report_server *server, const char *certificate, const char *key);

/* retry_after: seconds, 0: none. An id that has hung up is left alone. */
void report_server_answer(
    struct report_server *server, uint64_t id, int status, unsigned retry_after, const char *text);
