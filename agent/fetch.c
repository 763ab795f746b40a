/* `kitae-agent fetch`: one version from S3 to a folder, verified: a published one, or what a selection must still be.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../operator/base/memory.h"
#include "commands.h"
#include "listed.h"
#include "progress.h"
#include "published.h"
#include "result.h"
#include "volume.h"
#include "volume_error.h"

static const char usage[] =
    "Usage: kitae-agent fetch --source s3://BUCKET/PREFIX [--digest DIGEST] --to DIR [FLAGS]\n"
    "       kitae-agent fetch --store s3://BUCKET/PREFIX --digest DIGEST --to DIR [FLAGS]\n"
    "\n"
    "Brings one version to DIR, with its manifest in DIR/.manifest. From a store: what was published, by its manifest. "
    "From\n"
    "a source: what is selected now, which must be the version when one is named; else it fails as Drifted. Every "
    "byte\n"
    "is checked.";

static struct option options[] = {
    { "source", 0, OPTION_TEXT, "URI", "s3://BUCKET/PREFIX of a selection" },
    { "store", 0, OPTION_TEXT, "URI", "s3://BUCKET/PREFIX of published versions" },
    { "digest", 0, OPTION_TEXT, "DIGEST", "the version; required with --store" },
    { "to", 0, OPTION_TEXT, "DIR", "where it goes; made when it is not there; required" },
    PLACE_OPTIONS,
    SELECTION_OPTIONS,
    TRANSFER_OPTIONS,
    RESULT_OPTION,
    { NULL },
};

struct fetch {
    struct source source;
    struct selection selection;
    struct listed listed;
    const char *digest;
    int folder; /* where it goes */
    struct published published;
    FILE *written; /* manifest of a selection */
    struct manifest_writer writer;
    struct progress progress;
    struct result result;
};

/* -- one object ---------------------------------------------------------------------------------------------------- */

static int next_listed(void *context, struct pull_item *ret)
{
    struct fetch *fetch = context;
    int there = listed_next(&fetch->listed, ret);

    if (there < 0)
        progress_total(&fetch->progress, fetch->listed.selected, fetch->listed.selected_bytes);
    return there;
}

static int next_published(void *context, struct pull_item *ret)
{
    return published_next(&((struct fetch *)context)->published, ret);
}

static int open_file(void *context, struct pull_item *item, struct failure *failure)
{
    const struct fetch *fetch = context;
    int fd;

    if (make_folders(fetch->folder, item->is.key, failure) < 0)
        return -1;
    fd = openat(fetch->folder, item->is.key, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    return fd < 0 ? volume_failure(failure, errno, "%.300s cannot be written", item->is.key) : fd;
}

static int take_item(void *context, const struct pull_item *item, struct failure *failure)
{
    struct fetch *fetch = context;

    fetch->result.fetched++;
    fetch->result.fetched_bytes += item->is.size;
    progress_add(&fetch->progress, item->is.size);
    return manifest_write(&fetch->writer, &item->is, failure);
}

/* -- the manifest -------------------------------------------------------------------------------------------------- */

/* It has its name when all that it lists is there, and not before. */
static const char unfinished[] = ".kitae-manifest", manifest_name[] = ".manifest";

static FILE *create_manifest(const struct fetch *fetch, struct failure *failure)
{
    int fd = openat(fetch->folder, unfinished, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");

    if (!file || (unlinkat(fetch->folder, manifest_name, 0) < 0 && errno != ENOENT)) {
        volume_failure(failure, errno, "%s cannot be written", manifest_name);
        if (file)
            fclose(take(file));
    }
    return file;
}

static int name_manifest(const struct fetch *fetch, struct failure *failure)
{
    if (renameat(fetch->folder, unfinished, fetch->folder, manifest_name) == 0)
        return 0;
    return volume_failure(failure, errno, "%s cannot be written", manifest_name);
}

/* -- all of it ----------------------------------------------------------------------------------------------------- */

static int fetch_published(struct fetch *fetch, FILE *take_manifest, struct failure *failure)
{
    struct pull pull = { .s3 = fetch->source.s3,
                         .context = fetch,
                         .next = next_published,
                         .open = open_file,
                         .progress = &fetch->progress,
                         .accept = take_item };

    if (published_open(&fetch->published, &fetch->source, fetch->digest, take_manifest, failure) < 0)
        return -1;
    manifest_writer_start(&fetch->writer, NULL);
    if (pull_run(&pull, failure) < 0)
        return -1;
    return published_end(&fetch->published, failure);
}

static int fetch_selected(struct fetch *fetch, FILE *take_manifest, struct failure *failure)
{
    struct pull pull = { .s3 = fetch->source.s3,
                         .context = fetch,
                         .next = next_listed,
                         .open = open_file,
                         .progress = &fetch->progress,
                         .accept = take_item };

    fetch->written = take_manifest;
    manifest_writer_start(&fetch->writer, fetch->written);
    if (listed_start(&fetch->listed, &fetch->source, &fetch->selection, failure) < 0 || pull_run(&pull, failure) < 0)
        return -1;
    return listed_end(&fetch->listed, failure);
}

static int check_digest(struct fetch *fetch, struct failure *failure)
{
    fetch->result.objects = fetch->writer.objects;
    fetch->result.bytes = fetch->writer.bytes;
    if (manifest_writer_end(&fetch->writer, fetch->result.digest, failure) < 0)
        return -1;
    if (!fetch->digest || strcmp(fetch->result.digest, fetch->digest) == 0)
        return 0;
    return failure_set(
        failure,
        REASON_DRIFTED,
        "s3://%s/%.200s is not the version %.12s... any more, but %.12s...: objects have changed since it was "
        "taken; sync again and use the new version",
        fetch->source.location.bucket,
        fetch->source.prefix,
        fetch->digest,
        fetch->result.digest);
}

/* -- the command --------------------------------------------------------------------------------------------------- */

static int check_options(
    const char *source, const char *store, const char *digest, const char *to, struct failure *failure)
{
    if (!source == !store)
        return failure_set(failure, REASON_INVALID_OPTIONS, "write either --source or --store, one of the two");
    if (digest ? !is_sha256(digest) : store != NULL)
        return failure_set(failure, REASON_INVALID_OPTIONS, "--digest: write the 64 hexadecimal digits of a version");
    if (!to)
        return failure_set(failure, REASON_INVALID_OPTIONS, "--to is required: a folder");
    return 0;
}

static int run(struct fetch *fetch, struct failure *failure)
{
    const char *source = option_named(options, "source")->text, *store = option_named(options, "store")->text;
    const char *to = option_named(options, "to")->text;
    FILE *manifest;

    fetch->digest = option_named(options, "digest")->text;
    if (check_options(source, store, fetch->digest, to, failure) < 0 ||
        source_select(&fetch->selection, options, failure) < 0 ||
        source_open(&fetch->source, options, source ? source : store, failure) < 0)
        return -1;
    mkdir(to, 0775);
    fetch->folder = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fetch->folder < 0)
        return volume_failure(failure, errno, "the folder %s cannot be opened", to);
    manifest = create_manifest(fetch, failure);
    if (!manifest)
        return -1;
    progress_start(&fetch->progress, "fetch", fetch->source.s3);
    if ((source ? fetch_selected(fetch, manifest, failure) : fetch_published(fetch, manifest, failure)) < 0)
        return -1;
    progress_end(&fetch->progress);
    return check_digest(fetch, failure) < 0 ? -1 : name_manifest(fetch, failure);
}

static int command(int argc, char **argv)
{
    struct fetch fetch = { .folder = -1, .result = { .started_at = time(NULL) } };
    int parsed = options_parse(options, argc, argv, usage), result;
    struct failure failure;

    if (parsed)
        return parsed == 1 ? 0 : parsed;
    result = run(&fetch, &failure);
    if (fetch.written)
        fclose(fetch.written);
    if (fetch.folder >= 0)
        close(fetch.folder);
    progress_drop(&fetch.progress);
    manifest_writer_drop(&fetch.writer);
    published_close(&fetch.published);
    listed_stop(&fetch.listed);
    source_close(&fetch.source);
    selection_finish(&fetch.selection);
    return result_write(&fetch.result, result < 0 ? &failure : NULL, option_named(options, "result")->text);
}

const struct command fetch_command = {
    "fetch", "one version from S3 to a folder, verified", usage, options, .run = command,
};
