#pragma once
/* What is selected below a prefix, item by item in key order: the list that sync and fetch start from. */

#include "pull.h"
#include "source.h"

struct listed {
    struct source *source;
    const struct selection *selection;
    struct s3_listing *listing;
    uint64_t listed, selected, selected_bytes;
    uint64_t markers;       /* markers: empty keys that end in a slash, which stand for folders */
    struct failure failure; /* of a key that cannot be a path */
};

/* Finds the newest partitions first, where asked for; then lists. Everything is borrowed. */
int listed_start(struct listed *listed, struct source *source, struct selection *selection, struct failure *failure)
    must_check;

/* As pull wants it. */
int listed_next(struct listed *listed, struct pull_item *ret);

/* At the end: whether the list was whole, and something was selected. */
int listed_end(const struct listed *listed, struct failure *failure) must_check;
void listed_stop(struct listed *listed); /* a zeroed one is fine */
