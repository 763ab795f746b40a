#pragma once
/* One request to the bucket, however often it must be sent: what operations are made of. Used within agent/s3 only. */

#include <sys/queue.h>

#include "../../operator/base/slice.h"
#include "../../operator/http/client.h"
#include "error.h"
#include "transfer.h"

enum { S3_CALL_HEADERS = 4 };

struct s3_call {
    /* Its owner's, and what they point to lives until `done`. */
    const char *method;
    const char *key;                             /* "" for the bucket */
    const char *query;                           /* encoded; NULL: none */
    struct http_header headers[S3_CALL_HEADERS]; /* lower case; signed */
    size_t header_count;
    bool has_body;
    const void *body; /* NULL: from fd */
    int fd;
    uint64_t body_from, body_length; /* body_from is of fd */
    const char *body_sha256;         /* in hexadecimal digits, when it is known before; NULL: it is not */
    bool cleanup;                    /* is sent after an interrupt too */

    void (*prepare)(struct s3_call *call); /* before each attempt; NULL: nothing changes */
    /* Bytes of a 2xx answer; length 0 when its head is there. -1 ends the call. NULL: they are gathered in `text`. */
    int (*receive)(struct s3_call *call, const char *bytes, size_t length, struct failure *failure);
    void (*done)(struct s3_call *call, const struct failure *failure); /* NULL: it went well. May free the call */
    void *context;

    /* The scheduler's; zeroed at the start. */
    struct s3 *s3;
    TAILQ_ENTRY(s3_call) entry;
    struct http_stream *stream; /* NULL: waiting */
    struct strbuf text;         /* the answer, when it is no data; gone when `done` returns */
    struct failure failure;
    unsigned attempts;
    int64_t not_before; /* monotonic ms */
    uint64_t progress;  /* bytes of data of this attempt */
    int status;         /* of the answer */
    bool stopped;       /* by receive */
    bool held;          /* until more bytes may be spent */
};

void s3_call_start(struct s3 *s3, struct s3_call *call);

/* Within receive and done: of the answer; NULL: it has none. */
const char *s3_call_header(const struct s3_call *call, const char *name);
void s3_call_cancel(struct s3_call *call); /* without a call of done */
