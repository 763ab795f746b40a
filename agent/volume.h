#pragma once
/*
 * How versions lie on a volume: every content once, `objects/<sha256>`; a version as hard links to them,
 * `versions/<digest>/<key>`, with its manifest, which appears last and by one rename. `.kitae/` is the agent's own.
 */

#include "manifest.h"

struct volume {
    char *path;
    int root, objects, versions, own; /* folders */
    int lock;
    uint64_t temporary; /* counts files under way */
};

/* Makes the folders, takes the lock (one sync at a time), and clears what a killed run left half done. */
int volume_open(struct volume *volume, const char *path, struct failure *failure) must_check;
void volume_close(struct volume *volume); /* a zeroed one is fine */

bool volume_has_content(const struct volume *volume, const char *sha256, uint64_t size);

/* A file for a content that comes: `name` is what volume_keep_content gets. -1 on failure. */
enum { VOLUME_NAME = 32 };
int volume_new_content(struct volume *volume, char ret_name[VOLUME_NAME], struct failure *failure);
int volume_keep_content(struct volume *volume, const char *name, const char *sha256, struct failure *failure)
    must_check;

bool volume_has_version(const struct volume *volume, const char *digest);

/* Makes the version that the manifest at .kitae/manifest.new describes, whose digest this is. */
int volume_publish(struct volume *volume, const char *digest, struct failure *failure) must_check;

/* Takes a version away, and contents that no version has. One that is not there is fine. */
int volume_remove(struct volume *volume, const char *digest, struct failure *failure) must_check;
int volume_sweep(struct volume *volume, struct failure *failure) must_check;

/* A file for the manifest of the version that volume_publish makes, which must be closed by then. NULL on failure. */
FILE *volume_new_manifest(const struct volume *volume, struct failure *failure);

/* All of it; messages call the file by its key. */
int write_all(int fd, const char *bytes, size_t length, const char *key, struct failure *failure) must_check;

/* Makes the folders above path, below a folder. */
int make_folders(int folder, const char *path, struct failure *failure) must_check;

/* Removes a folder and all in it; that it is not there is fine. */
int remove_tree(int folder, const char *name, struct failure *failure) must_check;
