#pragma once
/* What the API server's answers say: objects after a write, and Status objects (or plain text) after a refusal. */

#include "../base/arena.h"
#include "../base/slice.h"
#include "../http/request.h"

/* metadata.resourceVersion of an object; 0 when it has none. */
uint64_t answer_version(struct slice body);

/* The parts of a Status; strings are in the arena, never NULL. A body that is no Status is all message. */
struct answer_status {
    int code;
    const char *reason;
    const char *message;
};
struct answer_status answer_status(struct slice body, struct arena *arena);

int answer_code(struct slice status);
void answer_message(struct slice body, char *ret_text, size_t size); /* for logs and problems, cut to size */

/* What an answer to a write means for the pass that made it. */
enum answer_class {
    ANSWER_OK,
    ANSWER_CONFLICT,  /* 409: somebody was first */
    ANSWER_EXISTS,    /* 409 AlreadyExists */
    ANSWER_NOT_FOUND, /* 404 */
    ANSWER_INVALID,   /* 400, 413, 422: the object as it is */
    ANSWER_DENIED,    /* 401, 403 */
    ANSWER_BUSY,      /* 429, 5xx, or never sent: later */
    ANSWER_UNKNOWN,   /* no answer, or 504: it may have been done */
};
enum answer_class answer_classify(const struct http_response *response);
