#pragma once
/* From a kube_config to what the HTTP client wants to know: for the driver, and for subcommands. */

#include "../base/strbuf.h"
#include "../http/settings.h"
#include "credentials.h"

struct access {
    const struct kube_config *config; /* borrowed */
    struct strbuf url, connect_to;    /* where requests go; with a tls-server-name not what the config says */
};

void access_init(struct access *access, const struct kube_config *config);
void access_finish(struct access *access);

/* Texts are borrowed from access, config and credentials. */
struct http_settings access_settings(const struct access *access, const struct credentials *credentials);

/* What every request of ours calls itself; never like curl or a browser, for which the server prints prettily. */
extern const char access_user_agent[];
