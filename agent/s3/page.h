#pragma once
/* One page of ListObjectsV2, as it came. Pure. */

#include "../../operator/base/arena.h"
#include "../../operator/base/slice.h"
#include "list.h"

/* Everything lives in the arena. Zeroed is empty. */
struct s3_page {
    struct arena arena;
    struct s3_object *objects; /* in key order */
    size_t count;
    const char **folders; /* common prefixes, in order; each ends with the delimiter */
    size_t folder_count;
    const char *token; /* of the next page; NULL: this is the last */
};

/* REASON_SERVER_ERROR when it is no such page, REASON_INVALID_KEY for a key that no file can have (a NUL in it). */
int s3_page_parse(struct slice document, struct s3_page *ret, struct failure *failure) must_check;
void s3_page_finish(struct s3_page *page);
