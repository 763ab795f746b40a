#pragma once
/*
 * What the last syncs knew of the source: for each key the change token that was listed and the content that was read.
 * Written in key order while a sync goes on, so that the next one finds what an interrupted one had done.
 */

#include <stdint.h>
#include <stdio.h>

#include "manifest.h"
#include "s3/list.h"

struct state_line {
    struct manifest_line is; /* key, size and content */
    char etag[S3_ETAG_SIZE];
};

/* -- reading: up to two files at once, each sorted; the newer one wins -- */

enum { STATE_FILES = 2 };

struct state_reader {
    FILE *files[STATE_FILES];             /* the newer one first; NULL: none */
    struct state_line lines[STATE_FILES]; /* the next of each */
    bool there[STATE_FILES];
    bool found[STATE_FILES]; /* the next one was asked for */
};

/* Opens `state` and what an interrupted sync left, `state.partial`, in that folder. Files that are missing are empty.
 */
void state_open(struct state_reader *reader, int folder);
void state_close(struct state_reader *reader);

/*
 * The line of a key; NULL: none. Keys are asked for in their order. Lines that are passed over are keys that are gone:
 * *ret_gone counts them up.
 */
const struct state_line *state_find(struct state_reader *reader, const char *key, uint64_t *ret_gone);

/* -- writing -- */

/* Before a sync: what a killed one wrote, `state.new`, is put before the rest of `state.partial`. */
int state_recover(int folder, struct failure *failure) must_check;

FILE *state_create(int folder, struct failure *failure); /* state.new; NULL on failure */
int state_write(FILE *file, const struct state_line *line, struct failure *failure) must_check;

/* The sync is complete: state.new becomes state. Closes the file. */
int state_commit(int folder, FILE *file, struct failure *failure) must_check;
