#pragma once
/*
 * Published versions in a store: PREFIX/versions/<digest>/<key>, and beside the keys the manifest, `.manifest`. It is
 * written last and removed first: a version is there when its manifest is.
 */

#include "manifest.h"
#include "pull.h"
#include "source.h"

/* The whole key of an object of a version; key ".manifest" is the manifest's, "" the prefix of all. To be freed. */
char *published_object(const struct source *store, const char *digest, const char *key);

/*
 * Brings the manifest of a version, to a file (NULL: nowhere). REASON_NO_SUCH_VERSION when it is not there,
 * REASON_CHECKSUM_MISMATCH when it is that of no version or another.
 */
int published_manifest(const struct source *store, const char *digest, FILE *file, struct failure *failure) must_check;

/* What is in a version, item by item, for pull. */
struct published {
    const struct source *store;
    const char *digest;
    struct manifest_reader manifest;
    struct failure failure; /* the manifest cannot be read on */
};

/* Everything is borrowed but the file, which is open for writing and reading, and taken: the manifest goes there. */
int published_open(struct published *published,
                   const struct source *store,
                   const char *digest,
                   FILE *take_file,
                   struct failure *failure) must_check;
int published_next(struct published *published, struct pull_item *ret_item); /* as pull wants it */

/* At the end: whether the manifest was whole. */
int published_end(const struct published *published, struct failure *failure) must_check;
void published_close(struct published *published); /* a zeroed one is fine */
