#pragma once
/*
 * The files of a folder to S3, many at once. What lies there with the same content already, as the server knows it, is
 * left; what is not any more what was read from the folder ends it.
 */

#include "folder.h"
#include "progress.h"
#include "s3/transfer.h"

struct upload {
    struct s3 *s3;
    const struct folder *folder;
    const char *prefix; /* before their keys */
    struct progress *progress;
    uint64_t sent, sent_bytes; /* what was not there */
};

/* Blocks until all are there, or something failed. REASON_DRIFTED: a file has changed. */
int upload_run(struct upload *upload, struct failure *failure) must_check;
