#pragma once
/*
 * The versions of a DataSet or a Model: v1, v2, ..., each named by a digest, never changed, only ever added and, when
 * retention lets it go, removed: marked first, so that nobody begins to use it, then proved to be unused, then gone.
 */

#include <jansson.h>

#include "../../operator/model/observed.h"

enum { MAX_VERSIONS = 100 };

/* A version of a DataSet that something was made from. */
struct ingredient {
    const char *data_set, *version, *digest;
};

struct version {
    const char *name; /* v7 */
    const char *digest;
    int64_t objects, bytes, created_at;
    bool removing;
    bool gone; /* not in the status to be written */

    /* Of a Model's: where it lies, who made it, from what. NULL and 0 where nobody says. */
    const char *uri;
    const char *maker_kind, *maker_name, *maker_uid;
    int64_t attempt;
    const struct ingredient *data;
    size_t data_count;
};

struct catalog {
    struct arena *arena;
    struct version items[MAX_VERSIONS]; /* the oldest first */
    int count;
    int next;           /* number of the version to come */
    const char *latest; /* NULL: none yet */
};

void catalog_put(struct catalog *catalog, struct version version);     /* one that is in the status */
bool catalog_lists(const struct catalog *catalog, const char *digest); /* and it is not marked */
const struct version *catalog_latest(const struct catalog *catalog);   /* NULL: there is none yet */

/*
 * The version with that content becomes the latest, and loses its mark; a new one when there is none. NULL when there
 * is no room. Not while marked ones are being removed: this may be one of them.
 */
const struct version *catalog_add(struct catalog *catalog, struct version like);

/* Which versions stay beside the latest one; numbers of 0 keep nothing. */
struct retention {
    bool keeps_all;
    int last, daily, weekly, monthly;
    int64_t min_age_seconds;
};

/* Marks what no rule keeps and `is_root` does not hold. */
typedef bool version_is_root(const void *context, const struct version *version);
void catalog_mark(
    struct catalog *catalog, const struct retention *rules, int64_t now, version_is_root *is_root, const void *context);

/* When the next version reaches the minimum age, seconds since 1970; 0: age decides nothing. */
int64_t catalog_next_look(const struct catalog *catalog, const struct retention *rules, int64_t now);

json_t *catalog_status(const struct catalog *catalog); /* the caller owns it */
