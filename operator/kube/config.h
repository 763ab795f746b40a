#pragma once
/*
 * Where the API server is, and what proves who we are: resolved once at start from a kubeconfig or the pod we run in.
 * Plain data; credentials.h keeps what may change while we run (token files, certificates, exec plugins).
 *
 * What counts, in this order (controller-runtime's, with one difference: a context that was asked for skips the pod):
 *   1. options.kubeconfig
 *   2. $KUBECONFIG: files between colons, merged; missing ones are skipped, but one must be there
 *   3. the pod: KUBERNETES_SERVICE_HOST, _PORT and /var/run/secrets/kubernetes.io/serviceaccount
 *   4. ~/.kube/config
 * Errors are "file:line: field: what is wrong, what to do" and never quote what may be a secret.
 */

#include <stdbool.h>
#include <stddef.h>

#include "../base/arena.h"
#include "../base/error.h"
#include "../http/request.h"
#include "exec_plugin.h"
#include "proxy.h"

enum {
    KUBE_MAX_PEM = 1024 * 1024,
    KUBE_MAX_HEADER = 32 * 1024, /* of a token or another header's value: a websocket handshake must fit 64 KiB */
};

struct kube_config_options {
    const char *kubeconfig; /* NULL or "": none given */
    const char *context;    /* likewise: the current-context */
    const char *root;       /* put before /var/run/secrets/..., for tests; NULL: nothing */
};

struct kube_server {
    bool tls;
    const char *host;      /* a name or numeric address; IPv6 without brackets */
    bool ipv6;             /* host is a numeric IPv6 address */
    unsigned port;         /* never 0 */
    const char *authority; /* "host:port", for Host and Origin headers; IPv6 in brackets */
    const char *prefix;    /* "" or "/k8s/clusters/x": before every path, also of watches */
    const char *url;       /* "https://host:port/prefix", without a slash at its end */
};

/* All strings live in `arena`; NULL: not there, unless said otherwise. */
struct kube_config {
    const char *source;    /* "file, file" or "in-cluster", for logs */
    const char *context;   /* NULL in a pod */
    const char *namespace; /* of the context or pod; "default" when it names none */
    const char *warning;   /* to be logged once */

    struct kube_server server;
    struct proxy proxy;
    bool insecure;               /* the server's certificate is not checked */
    const char *tls_server_name; /* to check the certificate against, and for SNI; NULL: server.host */
    bool disable_compression;

    /* PEM texts as read at start, checked; the files they came from. All NULL: the system's own bundle. */
    const char *ca, *ca_file;
    const char *certificate, *certificate_file;
    const char *key, *key_file;

    /* At most one of these: a token, token_file's content in it when that is set; basic; exec. */
    const char *token, *token_file;
    const char *basic; /* "user:password" in base64 */
    const struct exec_config *exec;

    const struct http_header *impersonation; /* Impersonate-User and its like */
    size_t impersonation_count;

    struct arena arena;
};

/* On failure *ret is untouched. ERROR_INVALID, or what reading a file gave. Options are borrowed for the call. */
int kube_config_load(const struct kube_config_options *options, struct kube_config *ret, struct error *err) must_check;
void kube_config_finish(struct kube_config *config);
