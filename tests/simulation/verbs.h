#pragma once
/* What the server does with a request, at the moment when it gets there. */

#include "../../operator/http/request.h"
#include "server.h"

struct answer {
    int status;
    char *body; /* owned by whoever asked */
    unsigned retry_after_ms;
};

struct answer verbs_handle(struct world *world, const struct http_request *request);

/* A Status object, as the server words its refusals. */
struct answer verbs_status(int code, const char *reason, const char *format, ...) __attribute__((format(printf, 3, 4)));

void verbs_forget_pages(struct world *world);
