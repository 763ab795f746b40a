#pragma once
/*
 * Reading objects. Every request carries If-Match with the ETag that was listed, so that bytes of two states of an
 * object never meet: REASON_DRIFTED. What breaks goes on where it broke. An object that is read whole and in order is
 * compared with the checksum that the server keeps of it, when it keeps one: REASON_CHECKSUM_MISMATCH.
 */

#include "transfer.h"

#define S3_SIZE_UNKNOWN UINT64_MAX

/* Called with pieces of an object; -1 ends the operation with this failure. */
typedef int s3_write(void *context, uint64_t offset, const void *bytes, size_t length, struct failure *failure);

struct s3_get {
    const char *key;  /* copied */
    const char *etag; /* copied; NULL or "": whatever is there at the first answer */
    uint64_t size;    /* what the listing said; S3_SIZE_UNKNOWN: what comes */
    bool is_known;    /* its caller knows what it must be, and checks: the server's checksum is not asked for */
    uint64_t from;    /* go on at this byte */
    unsigned ranges;  /* 0, 1: pieces come in order. More: up to so many ranges of a large object at once, pieces in any
                         order (each byte once), for writers that can pwrite */
    s3_write *write;
    s3_done *done; /* REASON_TRUNCATED: the object is not of this size; REASON_NO_SUCH_KEY */
    void *context;
};
void s3_get(struct s3 *s3, const struct s3_get *get);

/* A small object as a whole, at most the maximum of `body`. Blocks, and moves other operations on meanwhile. */
int s3_get_text(struct s3 *s3, const char *key, struct strbuf *body, struct failure *failure) must_check;
