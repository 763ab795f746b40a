#pragma once
/*
 * HTTP/1.1 requests (RFC 9112), strictly: lines end with CR LF, no line is folded, a body has a Content-Length. What
 * is doubtful is refused, because a proxy in front might read it otherwise. Pure: bytes in, structs out.
 */

#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_HEAD_MAX = 8192, /* request line and headers */
    HTTP_BODY_MAX = 8192,
    HTTP_REQUEST_MAX = HTTP_HEAD_MAX + HTTP_BODY_MAX,
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

/* All of it is borrowed from the bytes that were parsed. */
struct http_request {
    enum http_method method;
    const char *path; /* without the query, not terminated */
    size_t path_size;
    const char *body;
    size_t body_size;
    bool keep_alive; /* the client has not asked to close */
    size_t size;     /* of the whole request: what follows belongs to the next */
};

/* Why a request is refused. Where the next one would begin is then unknown. */
struct http_problem {
    int status;
    const char *message; /* static */
};

/* 1: a whole request; 0: more bytes are needed; -1: it is refused, without looking at the rest. */
int http_parse(const char *bytes, size_t size, struct http_request *ret_request, struct http_problem *ret_problem);

/* The status codes that this server answers with; the last has code 0. */
struct http_status {
    int code;
    const char *reason;
};
extern const struct http_status HTTP_STATUSES[];
enum { HTTP_STATUS_COUNT = 12 };

/* Where it stands in HTTP_STATUSES. */
size_t http_status_index(int code);
