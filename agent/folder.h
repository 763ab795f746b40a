#pragma once
/* What is in a folder, as the content of a version: the files below it, sorted, each with what it was when it was read.
 */

#include <sys/stat.h>

#include "manifest.h"

/* By which a file is known to be what it was. There may be a million: no more is kept than it takes. */
struct folder_stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct folder_file {
    char *key; /* its path below the folder */
    unsigned char sha256[SHA256_BYTES];
    struct folder_stamp was; /* before it was read */
};

struct folder {
    char *path;
    int fd;
    struct folder_file *files; /* by the bytes of their keys */
    size_t count, capacity;
    uint64_t bytes;
};

/*
 * Finds and reads all files below path. REASON_INVALID_KEY for what cannot be published: a link, which may lead
 * anywhere, a device, a name that is no key. REASON_EMPTY_SELECTION when there is nothing. What fetch leaves at the
 * top,
 * `.manifest` and `.kitae*`, is not content. REASON_INTERRUPTED between two files.
 */
int folder_read(struct folder *folder, const char *path, struct failure *failure) must_check;
void folder_close(struct folder *folder); /* a zeroed one is fine */

/* A file to read from, whose content is what was found; -1: it cannot be, or it has changed (REASON_DRIFTED). */
int folder_open(const struct folder *folder, const struct folder_file *file, struct failure *failure);

/* Whether it still is what it was; for when it has been read once more. */
int folder_check(const struct folder_file *file, int fd, struct failure *failure) must_check;
