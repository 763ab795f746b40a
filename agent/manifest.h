#pragma once
/*
 * The canonical list of what is in a version: "<sha256> <size> <key>\n", sorted by the bytes of the keys. The SHA-256
 * of that text is the version's digest: same content, same digest.
 */

#include <stdint.h>
#include <stdio.h>

#include "reason.h"
#include "sha256.h"

enum { MANIFEST_MAX_KEY = 1024 };

struct manifest_line {
    char sha256[SHA256_HEX];
    uint64_t size;
    char key[MANIFEST_MAX_KEY + 1];
};

/* What a key may not be: a sentence's end, "has a control character"; NULL: it may be a path below a folder. */
const char *key_problem(const char *key);

/* -- writing: lines come sorted -- */

struct manifest_writer {
    FILE *file; /* NULL: only the digest is wanted */
    struct sha256 hash;
    char last[MANIFEST_MAX_KEY + 1];
    uint64_t objects, bytes;
};

void manifest_writer_start(struct manifest_writer *writer, FILE *file); /* borrowed */

/* REASON_SERVER_ERROR when the key does not come after the last one; REASON_DISK_FULL. */
int manifest_write(struct manifest_writer *writer,
                   const struct manifest_line *line,
                   struct failure *failure) must_check;
int manifest_writer_end(struct manifest_writer *writer,
                        char ret_digest[SHA256_HEX],
                        struct failure *failure) must_check;
void manifest_writer_drop(struct manifest_writer *writer); /* without a result; an ended one is fine */

/* -- reading -- */

/* "<sha256> <size> ", as it is written and not otherwise: what stands behind; NULL: it is none. */
const char *content_parse(const char *text, char ret_sha256[SHA256_HEX], uint64_t *ret_size);

struct manifest_reader {
    FILE *file;
    const char *name; /* borrowed, for messages */
    struct sha256 hash;
    char last[MANIFEST_MAX_KEY + 1];
    unsigned long line;
};

/* Of a file that is open, and taken. */
void manifest_start(struct manifest_reader *reader, FILE *take_file, const char *name);
int manifest_open(struct manifest_reader *reader, const char *path, struct failure *failure) must_check;

/* 1: a line, 0: the end, -1: REASON_CHECKSUM_MISMATCH, it is no manifest. */
int manifest_read(struct manifest_reader *reader, struct manifest_line *ret, struct failure *failure) must_check;

/* Closes. The digest is that of what was read; NULL when it does not matter. */
void manifest_close(struct manifest_reader *reader, char ret_digest[SHA256_HEX]);
