#pragma once
/*
 * A request to the API server and its answer, as plain data: what the engine makes and takes. Nothing here does I/O.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/slice.h"

enum http_method { HTTP_GET, HTTP_POST, HTTP_PATCH, HTTP_PUT, HTTP_DELETE };

/* A request header. Names may come several times (Impersonate-Group). */
struct http_header {
    const char *name, *value;
};

struct http_request {
    struct http_request *next; /* its owner's, for queues */
    uint64_t id;               /* comes back in the response; unique within a process */
    enum http_method method;
    char *path;               /* "/api/v1/...?...", without the server's own prefix; owned */
    const char *content_type; /* static text; NULL: no body */
    char *body;               /* owned, NUL-terminated; NULL: none */
    unsigned timeout_ms;      /* of the whole exchange */
    bool urgent;              /* the lease: sent before anything that waits, on a connection of its own */
    bool patient;             /* tells of work and brings none on: makes room for what does */
};

struct http_response {
    uint64_t id;
    int status;              /* 0: no answer came */
    bool maybe_done;         /* status 0 only: the server may have carried the request out */
    unsigned retry_after_ms; /* 0: the server named none */
    struct slice body;       /* borrowed; gone when the call that hands it over returns */
    const char *problem;     /* status 0 only: what went wrong, borrowed */
};

struct http_request *http_request_create(enum http_method method,
                                         char *take_path,
                                         const char *content_type,
                                         char *take_body);
void http_request_destroy(struct http_request *request); /* NULL is fine */

const char *http_method_name(enum http_method method);

/*
 * Milliseconds of a Retry-After header (RFC 9110 10.2.3): seconds or an HTTP date, seen from `now` (seconds since
 * 1970). Capped at 5 minutes; 0 when there is none or it cannot be read.
 */
unsigned http_retry_after_ms(const char *value, int64_t now);
