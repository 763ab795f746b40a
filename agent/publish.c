/*
 * `kitae-agent publish`: a folder to S3 or onto a volume, as a version. In S3 files go below the version's own prefix,
 * which is named by the digest; the manifest goes last, and with it the version is there. Whatever breaks before leaves
 * nothing that counts, and the next run sends what is missing.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../operator/base/memory.h"
#include "commands.h"
#include "folder.h"
#include "keep.h"
#include "progress.h"
#include "published.h"
#include "result.h"
#include "s3/put.h"
#include "upload.h"
#include "volume_error.h"

/* As long as any. */
static const char no_digest[] = "0000000000000000000000000000000000000000000000000000000000000000";

static const char usage[] = "Usage: kitae-agent publish --from DIR --store s3://BUCKET/PREFIX [FLAGS]\n"
                            "       kitae-agent publish --from DIR --volume DIR [FLAGS]\n"
                            "\n"
                            "Makes a version of the files below DIR: PREFIX/versions/<digest>/, with its manifest, "
                            "which is written last; or one\n"
                            "of a volume, as sync makes them. A version that is there already is left as it is.";

static struct option options[] = {
    { "from", 0, OPTION_TEXT, "DIR", "whose files are published, required" },
    { "store", 0, OPTION_TEXT, "URI", "s3://BUCKET/PREFIX of published versions" },
    { "volume", 0, OPTION_TEXT, "DIR", "where versions are kept" },
    PLACE_OPTIONS,
    TRANSFER_OPTIONS,
    RESULT_OPTION,
    { NULL },
};

struct publish {
    struct source store;
    struct folder folder;
    struct volume volume; /* path NULL: none */
    FILE *manifest;
    struct progress progress;
    struct result *result;
};

/* -- what it is ---------------------------------------------------------------------------------------------------- */

/* Of the object, which is its key behind the prefix. */
static int check_length(const struct publish *publish, const char *key, struct failure *failure)
{
    auto_free char *object = published_object(&publish->store, no_digest, key);

    if (strlen(object) <= S3_KEY_MAX)
        return 0;
    return failure_set(failure,
                       REASON_INVALID_KEY,
                       "%.300s: its key would have %zu bytes below this prefix, and keys have at most %d: rename it",
                       key,
                       strlen(object),
                       S3_KEY_MAX);
}

static int write_lines(struct publish *publish, struct manifest_writer *writer, struct failure *failure)
{
    for (size_t i = 0; i < publish->folder.count; i++) {
        const struct folder_file *file = &publish->folder.files[i];
        struct manifest_line line = { .size = (uint64_t)file->was.size };

        hex_of(file->sha256, SHA256_BYTES, line.sha256);
        snprintf(line.key, sizeof(line.key), "%s", file->key); /* key_problem() has looked at its length */
        if (check_length(publish, file->key, failure) < 0 || manifest_write(writer, &line, failure) < 0)
            return -1;
    }
    return manifest_writer_end(writer, publish->result->digest, failure);
}

/* There may be no place for a file. */
static FILE *memory_file(struct failure *failure)
{
    int fd = memfd_create("manifest", MFD_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    if (!file)
        volume_failure(failure, errno, "the manifest cannot be kept");
    return file;
}

static int make_manifest(struct publish *publish, struct failure *failure)
{
    struct manifest_writer writer;
    int result;

    publish->manifest = publish->volume.path ? volume_new_manifest(&publish->volume, failure) : memory_file(failure);
    if (!publish->manifest)
        return -1;
    manifest_writer_start(&writer, publish->manifest);
    result = write_lines(publish, &writer, failure);
    manifest_writer_drop(&writer);
    return result;
}

/* 1: it is published, 0: it is not, -1. */
static int is_there(const struct publish *publish, struct failure *failure)
{
    if (published_manifest(&publish->store, publish->result->digest, NULL, failure) == 0)
        return 1;
    return failure->reason == REASON_NO_SUCH_VERSION ? 0 : -1;
}

/* -- sending ------------------------------------------------------------------------------------------------------- */

static int send_files(struct publish *publish, struct failure *failure)
{
    struct result *result = publish->result;
    auto_free char *prefix = published_object(&publish->store, result->digest, "");
    struct upload upload = {
        .s3 = publish->store.s3, .folder = &publish->folder, .prefix = prefix, .progress = &publish->progress
    };
    int done = upload_run(&upload, failure);

    result->fetched = upload.sent;
    result->fetched_bytes = upload.sent_bytes;
    return done;
}

/* Somebody else may have been first with the very same. */
static int send_manifest(const struct publish *publish, struct failure *failure)
{
    auto_free char *object = published_object(&publish->store, publish->result->digest, ".manifest");
    struct s3_put put = { .key = object,
                          .fd = fileno(publish->manifest),
                          .size = (uint64_t)ftello(publish->manifest),
                          .sha256 = publish->result->digest,
                          .only_if_absent = true };

    if (s3_put_now(publish->store.s3, put, failure) == 0 || failure->reason == REASON_ALREADY_EXISTS)
        return 0;
    return -1;
}

/* -- onto a volume ------------------------------------------------------------------------------------------------- */

static int keep_version(struct publish *publish, struct failure *failure)
{
    struct keep keep = { .volume = &publish->volume, .folder = &publish->folder, .progress = &publish->progress };
    int done;

    progress_start(&publish->progress, "publish", NULL);
    progress_total(&publish->progress, publish->folder.count, publish->folder.bytes);
    done = keep_run(&keep, failure);
    publish->result->fetched = keep.sent;
    publish->result->fetched_bytes = keep.sent_bytes;
    if (done < 0)
        return -1;
    progress_end(&publish->progress);
    fclose(take(publish->manifest));
    return volume_publish(&publish->volume, publish->result->digest, failure);
}

/* -- the command --------------------------------------------------------------------------------------------------- */

static int publish_version(struct publish *publish, struct failure *failure)
{
    int there = is_there(publish, failure);

    if (there)
        return there < 0 ? -1 : 0;
    progress_start(&publish->progress, "publish", publish->store.s3);
    progress_total(&publish->progress, publish->folder.count, publish->folder.bytes);
    if (send_files(publish, failure) < 0 || send_manifest(publish, failure) < 0)
        return -1;
    progress_end(&publish->progress);
    return 0;
}

static int publish_folder(struct publish *publish, struct failure *failure)
{
    const char *from = option_named(options, "from")->text, *store = option_named(options, "store")->text;
    const char *volume = option_named(options, "volume")->text;
    struct result *result = publish->result;

    if (!from || !store == !volume)
        return failure_set(failure,
                           REASON_INVALID_OPTIONS,
                           "--from is required, and either --store or --volume: a folder, and s3://... or another one");
    if (volume)
        catch_interrupts(); /* source_open does */
    if ((volume ? volume_open(&publish->volume, volume, failure)
                : source_open(&publish->store, options, store, failure)) < 0 ||
        folder_read(&publish->folder, from, failure) < 0 || make_manifest(publish, failure) < 0)
        return -1;
    result->objects = publish->folder.count;
    result->bytes = publish->folder.bytes;
    if (volume)
        return keep_version(publish, failure);
    snprintf(result->uri,
             sizeof(result->uri),
             "s3://%s/%sversions/%s/",
             publish->store.location.bucket,
             publish->store.prefix,
             result->digest);
    return publish_version(publish, failure);
}

static int run(struct result *result, struct failure *failure)
{
    struct publish publish = { .result = result };
    int done = publish_folder(&publish, failure);

    progress_drop(&publish.progress);
    folder_close(&publish.folder);
    source_close(&publish.store);
    volume_close(&publish.volume);
    if (publish.manifest)
        fclose(publish.manifest);
    return done;
}

static int command(int argc, char **argv)
{
    return command_run(options, argc, argv, usage, run);
}

const struct command publish_command = {
    "publish", "a folder to S3, as a version", usage, options, .run = command,
};
