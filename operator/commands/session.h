#pragma once
/* What commands that talk to a cluster have in common: how they find it, one request at a time, and whole lists. */

#include <jansson.h>

#include "../cli/options.h"
#include "../http/client.h"
#include "../kube/access.h"

/* Rows of an option table. */
#define CLUSTER_OPTIONS                                                                                                \
    { "kubeconfig",                                                                                                    \
      0,                                                                                                               \
      OPTION_TEXT,                                                                                                     \
      "FILE",                                                                                                          \
      "how to reach the cluster (default: $KUBECONFIG, the pod's own, ~/.kube/config)" },                              \
    {                                                                                                                  \
        "context", 0, OPTION_TEXT, "NAME", "the kubeconfig's context (default: its current one)"                       \
    }

struct session {
    struct kube_config config;
    struct access access;
    struct http_client *http;
    struct credentials *credentials;
};

/* From the options above. On failure nothing needs to be closed. */
int session_open(struct session *session, struct option *options, struct error *err) must_check;
void session_close(struct session *session);

/* One request, which is taken, and its answer as JSON, which the caller owns. Anything but 2xx is an error, in the
 * server's words: ERROR_NOT_FOUND, ERROR_DENIED. */
int session_ask(struct session *session, struct http_request *take_request, json_t **ret, struct error *err) must_check;

/*
 * Calls `each` for each object of a collection (path: "/apis/kitae.dev/v1alpha1/datasets"; query: "" or
 * "&labelSelector=..."), page by page.
 */
typedef void session_take(void *context, const json_t *object);
int session_list(struct session *session,
                 const char *path,
                 const char *query,
                 session_take *each,
                 void *context,
                 struct error *err) must_check;
