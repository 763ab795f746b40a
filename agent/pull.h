#pragma once
/*
 * From a list of objects to verified contents: many at once, handed out in the order of the list. Memory is flat: only
 * so many objects are between the list and the one that is handed out next.
 */

#include "manifest.h"
#include "s3/list.h"
#include "s3/transfer.h"

/* One object to bring. */
struct pull_item {
    char object[S3_KEY_MAX + 1]; /* its whole key */
    char etag[S3_ETAG_SIZE];     /* "" when it does not matter */
    struct manifest_line is;     /* key below the prefix and size; sha256 when `known` or `expected` */
    bool known;                  /* its content is here already: nothing is fetched */
    bool expected;               /* it must have this content */
    bool fetched;                /* set when it came */
    char file[32];               /* whoever opens a file for it may note its name here */
};

struct pull {
    struct s3 *s3;
    struct progress *progress; /* to which accept adds */
    void *context;

    /* The next item; 1: there is one, 0: none now, -1: there will be no more. Called while there is room. */
    int (*next)(void *context, struct pull_item *ret_item);

    /*
     * Where the bytes go: a file that is open for writing, and closed by pull; -1 on failure. NULL: they are only
     * hashed. `keep` is called when it is complete, and gives it its place.
     */
    int (*open)(void *context, struct pull_item *item, struct failure *failure);
    int (*keep)(void *context, const struct pull_item *item, struct failure *failure);

    /* Items in order, each verified. */
    int (*accept)(void *context, const struct pull_item *item, struct failure *failure);
};

/* Blocks until all is taken, or something failed. */
int pull_run(const struct pull *pull, struct failure *failure) must_check;
