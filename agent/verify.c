/* `kitae-agent verify`: every byte of a version against its manifest, and the manifest against the digest. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../operator/base/memory.h"
#include "commands.h"
#include "manifest.h"
#include "progress.h"
#include "published.h"
#include "result.h"
#include "volume_error.h"

static const char usage[] = "Usage: kitae-agent verify --volume DIR --digest DIGEST\n"
                            "       kitae-agent verify --dir DIR --manifest FILE [--digest DIGEST]\n"
                            "       kitae-agent verify --store s3://BUCKET/PREFIX --digest DIGEST [FLAGS]\n"
                            "\n"
                            "Reads every file or object that the manifest names, and tells the first that is not what "
                            "it says.";

static struct option options[] = {
    { "volume", 0, OPTION_TEXT, "DIR", "where versions are kept" },
    { "dir", 0, OPTION_TEXT, "DIR", "where the files of the manifest are" },
    { "manifest", 0, OPTION_TEXT, "FILE", "the manifest" },
    { "store", 0, OPTION_TEXT, "URI", "s3://BUCKET/PREFIX of published versions" },
    { "digest", 0, OPTION_TEXT, "DIGEST", "what the manifest's digest must be" },
    PLACE_OPTIONS,
    TRANSFER_OPTIONS,
    RESULT_OPTION,
    { NULL },
};

/* -- on a volume or in a folder ------------------------------------------------------------------------------------ */

static int check_file(const char *folder, const struct manifest_line *line, struct failure *failure)
{
    auto_free char *path = NULL;
    char content[SHA256_HEX];
    uint64_t size;
    int fd, result;

    if (asprintf(&path, "%s/%s", folder, line->key) < 0)
        BUG("out of memory");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failure_set(failure, REASON_CHECKSUM_MISMATCH, "%.300s: %s", path, strerror(errno));
    result = sha256_file(fd, 0, UINT64_MAX, &size, content);
    close(fd);
    if (result < 0)
        return failure_set(failure, REASON_SERVER_ERROR, "%.300s cannot be read: %s", path, strerror(errno));
    if (size == line->size && strcmp(content, line->sha256) == 0)
        return 0;
    return failure_set(failure,
                       REASON_CHECKSUM_MISMATCH,
                       "%.300s is not what the manifest says: it was changed or damaged; fetch it again",
                       path);
}

static int verify(const char *folder, const char *manifest, struct result *result, struct failure *failure)
{
    const char *digest = option_named(options, "digest")->text;
    struct manifest_reader reader;
    struct manifest_line line;
    int there;

    if (manifest_open(&reader, manifest, failure) < 0)
        return -1;
    while ((there = manifest_read(&reader, &line, failure)) > 0 && check_file(folder, &line, failure) == 0) {
        result->objects++;
        result->bytes += line.size;
    }
    manifest_close(&reader, result->digest);
    if (there)
        return -1;
    if (digest && strcmp(digest, result->digest) != 0)
        return failure_set(failure,
                           REASON_CHECKSUM_MISMATCH,
                           "%.300s has the digest %.12s..., not %.12s...: it is another version's, or was changed",
                           manifest,
                           result->digest,
                           digest);
    return 0;
}

/* -- in S3 --------------------------------------------------------------------------------------------------------- */

struct stored {
    struct source store;
    struct published published;
    struct progress progress;
    struct result *result;
};

static int next_object(void *context, struct pull_item *ret)
{
    return published_next(&((struct stored *)context)->published, ret);
}

static int count_object(void *context, const struct pull_item *item, struct failure *failure)
{
    struct stored *stored = context;

    (void)failure;
    stored->result->objects++;
    stored->result->bytes += item->is.size;
    progress_add(&stored->progress, item->is.size);
    return 0;
}

static int read_objects(struct stored *stored, const char *digest, struct failure *failure)
{
    struct pull pull = { .s3 = stored->store.s3,
                         .context = stored,
                         .next = next_object,
                         .accept = count_object,
                         .progress = &stored->progress };
    int fd = memfd_create("manifest", MFD_CLOEXEC); /* there may be no place for a file */
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");

    if (!file)
        return volume_failure(failure, errno, "the manifest cannot be kept");
    if (published_open(&stored->published, &stored->store, digest, file, failure) < 0)
        return -1;
    progress_start(&stored->progress, "verify", stored->store.s3);
    if (pull_run(&pull, failure) < 0)
        return -1;
    progress_end(&stored->progress);
    return published_end(&stored->published, failure);
}

static int verify_stored(const char *store, const char *digest, struct result *result, struct failure *failure)
{
    struct stored stored = { .result = result };
    int done = -1;

    if (!digest || !is_sha256(digest))
        return failure_set(failure, REASON_INVALID_OPTIONS, "--digest: write the 64 hexadecimal digits of a version");
    snprintf(result->digest, sizeof(result->digest), "%s", digest);
    if (source_open(&stored.store, options, store, failure) == 0)
        done = read_objects(&stored, digest, failure);
    progress_drop(&stored.progress);
    published_close(&stored.published);
    source_close(&stored.store);
    return done;
}

/* -- the command --------------------------------------------------------------------------------------------------- */

static int run(struct result *result, struct failure *failure)
{
    const char *volume = option_named(options, "volume")->text, *digest = option_named(options, "digest")->text;
    const char *folder = option_named(options, "dir")->text, *manifest = option_named(options, "manifest")->text;
    const char *store = option_named(options, "store")->text;
    auto_free char *version = NULL, *own = NULL;

    if (!volume + !folder + !store != 2 || !folder != !manifest)
        return failure_set(failure,
                           REASON_INVALID_OPTIONS,
                           "write --volume and --digest, or --dir and --manifest, or --store and --digest");
    if (store)
        return verify_stored(store, digest, result, failure);
    if (folder)
        return verify(folder, manifest, result, failure);
    if (!digest)
        return failure_set(failure, REASON_INVALID_OPTIONS, "--digest is required: which version of the volume");
    if (asprintf(&version, "%s/versions/%s", volume, digest) < 0 || asprintf(&own, "%s/.manifest", version) < 0)
        BUG("out of memory");
    return verify(version, own, result, failure);
}

static int command(int argc, char **argv)
{
    return command_run(options, argc, argv, usage, run);
}

const struct command verify_command = {
    "verify", "every byte of a version", usage, options, .run = command,
};
