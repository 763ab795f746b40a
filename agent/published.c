#define _GNU_SOURCE
#include "published.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../operator/base/memory.h"
#include "s3/get.h"
#include "volume_error.h"

enum { WAIT_MS = 1000 };

char *published_object(const struct source *store, const char *digest, const char *key)
{
    char *object;

    if (asprintf(&object, "%sversions/%s/%s", store->prefix, digest, key) < 0)
        BUG("out of memory");
    return object;
}

/* -- the manifest -------------------------------------------------------------------------------------------------- */

struct copy {
    FILE *file;
    struct sha256 hash;
    struct failure *failure;
    bool over, failed;
};

static int write_piece(void *context, uint64_t offset, const void *bytes, size_t length, struct failure *failure)
{
    struct copy *copy = context;

    (void)offset;
    sha256_add(&copy->hash, bytes, length);
    if (!copy->file || fwrite(bytes, length, 1, copy->file) == 1)
        return 0;
    return volume_failure(failure, errno, "the manifest cannot be written");
}

static void copied(void *context, const struct failure *failure)
{
    struct copy *copy = context;

    copy->over = true;
    copy->failed = failure;
    if (failure)
        *copy->failure = *failure;
}

static int copy_object(struct s3 *s3, const char *object, struct copy *copy, char ret_digest[SHA256_HEX])
{
    sha256_start(&copy->hash);
    s3_get(s3,
           &(struct s3_get){
               .key = object, .size = S3_SIZE_UNKNOWN, .write = write_piece, .done = copied, .context = copy });
    while (!copy->over)
        (void)s3_step(s3, WAIT_MS);
    sha256_end(&copy->hash, ret_digest);
    if (!copy->failed && copy->file && fflush(copy->file) != 0)
        return volume_failure(copy->failure, errno, "the manifest cannot be written");
    return copy->failed ? -1 : 0;
}

int published_manifest(const struct source *store, const char *digest, FILE *file, struct failure *failure)
{
    auto_free char *object = published_object(store, digest, ".manifest");
    struct copy copy = { .file = file, .failure = failure };
    char is[SHA256_HEX];

    if (copy_object(store->s3, object, &copy, is) < 0)
        return failure->reason == REASON_NO_SUCH_KEY
                   ? failure_set(failure,
                                 REASON_NO_SUCH_VERSION,
                                 "s3://%s/%s is not there: the version was never published, or was removed",
                                 store->location.bucket,
                                 object)
                   : -1;
    if (strcmp(is, digest) == 0)
        return 0;
    return failure_set(failure,
                       REASON_CHECKSUM_MISMATCH,
                       "s3://%s/%s is not the manifest of its name: it was changed in the store; remove the version, "
                       "and publish it again",
                       store->location.bucket,
                       object);
}

/* -- what it lists ------------------------------------------------------------------------------------------------- */

int published_open(struct published *published,
                   const struct source *store,
                   const char *digest,
                   FILE *take_file,
                   struct failure *failure)
{
    *published = (struct published){ .store = store, .digest = digest };
    if (published_manifest(store, digest, take_file, failure) < 0) {
        fclose(take_file);
        return -1;
    }
    rewind(take_file);
    manifest_start(&published->manifest, take_file, "the manifest");
    return 0;
}

int published_next(struct published *published, struct pull_item *ret_item)
{
    auto_free char *object = NULL;

    *ret_item = (struct pull_item){ .expected = true };
    if (published->failure.reason || manifest_read(&published->manifest, &ret_item->is, &published->failure) <= 0)
        return -1;
    object = published_object(published->store, published->digest, ret_item->is.key);
    if (strlen(object) < sizeof(ret_item->object)) {
        memcpy(ret_item->object, object, strlen(object) + 1);
        return 1;
    }
    return failure_set(&published->failure,
                       REASON_INVALID_KEY,
                       "%.300s is too long a key below this prefix: keys have at most 1024 bytes",
                       ret_item->is.key);
}

int published_end(const struct published *published, struct failure *failure)
{
    if (!published->failure.reason)
        return 0;
    *failure = published->failure;
    return -1;
}

void published_close(struct published *published)
{
    if (published->manifest.file)
        manifest_close(&published->manifest, NULL);
}
