#pragma once
/*
 * Writing objects: in one request up to S3_PUT_SINGLE bytes, else in parts, which are taken back when it fails. An
 * object appears whole or not at all.
 */

#include "transfer.h"

enum { S3_PUT_SINGLE = 16 * 1024 * 1024 };

struct s3_put {
    const char *key;   /* copied */
    const void *bytes; /* borrowed until done; NULL: from fd */
    int fd;            /* read by pread from 0, borrowed until done */
    uint64_t size;
    const char *sha256; /* of all of it, in hexadecimal digits; borrowed until done. The server refuses other bytes, and
                           keeps it for look.h; not of an object in parts. NULL: not known */
    bool only_if_absent; /* If-None-Match: *; REASON_ALREADY_EXISTS when somebody was first */
    s3_done *done;
    void *context;
};
void s3_put(struct s3 *s3, const struct s3_put *put);

/* Removes an object; one that is not there is fine. */
void s3_delete(struct s3 *s3, const char *key, s3_done *done, void *context);

/* Both as one call that blocks, and moves other operations on meanwhile; `done` and `context` are not looked at. */
int s3_put_now(struct s3 *s3, struct s3_put put, struct failure *failure) must_check;
int s3_delete_now(struct s3 *s3, const char *key, struct failure *failure) must_check;
