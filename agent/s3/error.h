#pragma once
/*
 * What an answer of S3 means ("Error responses", S3 API reference): go on, try again, or a reason with a sentence.
 * Pure.
 */

#include "../../operator/base/slice.h"
#include "location.h"

struct s3_answer {
    const char *method, *key; /* what was asked; key "" is the bucket */
    int status;               /* 0: no answer */
    const char *problem;      /* what went wrong on the way; NULL: nothing */
    const char *region;       /* x-amz-bucket-region; NULL: not said */
    struct slice body;        /* of an answer that is not 2xx, or of one that may hold an error nonetheless */
};

enum s3_verdict {
    S3_FINE,
    S3_FAILED,  /* trying again would not help */
    S3_AGAIN,   /* it may pass */
    S3_SLOWER,  /* the same, and we ask too much */
    S3_CLOCK,   /* our clock is wrong: again, by the server's */
    S3_EXPIRED, /* credentials ended early: again, with new ones */
};

/* Fills failure unless S3_FINE: what to report when trying again does not help either. */
enum s3_verdict s3_judge(const struct s3_answer *answer, const struct s3_location *location, struct failure *failure);
