#pragma once
/*
 * Listing a prefix in key order, many requests at once, in flat memory. Folders are found by delimiter and listed side
 * by side; what comes before its turn is kept, and fetched ahead only so far. A caller that does not take objects stops
 * the listing.
 */

#include "transfer.h"

enum { S3_ETAG_SIZE = 128, S3_KEY_MAX = 1024 };

struct s3_object {
    const char *key; /* borrowed until the next call of s3_listing_next; the whole key, prefix and all */
    uint64_t size;
    const char *etag; /* with its quotes, as If-Match wants it; "" when the server gave none */
    int64_t modified; /* seconds since 1970: a hint, never proof */
};

/* What to do with a folder, whose name ends in "/": */
enum s3_enter {
    S3_SKIP,    /* nothing in it is wanted: it is never listed */
    S3_ENTER,   /* all of it, as the listing likes best */
    S3_DESCEND, /* its folders are asked about one by one */
};
typedef enum s3_enter s3_enter(void *context, const char *prefix);

struct s3_listing;

/* Lists all keys that begin with prefix (borrowed for the call). enter NULL: S3_ENTER everywhere. */
struct s3_listing *s3_listing_create(struct s3 *s3, const char *prefix, s3_enter *enter, void *context);
void s3_listing_destroy(struct s3_listing *listing); /* before its struct s3; NULL is fine */

/* The next object in key order; NULL: none is here now (call s3_step), or it ended. */
const struct s3_object *s3_listing_next(struct s3_listing *listing);

/* Whether there will be no more; ret_failure (may be NULL) is that of the listing, or NULL when it went well. */
bool s3_listing_ended(const struct s3_listing *listing, const struct failure **ret_failure);
