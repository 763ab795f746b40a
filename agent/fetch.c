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
#include "result.h"
#include "s3/get.h"
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
    struct manifest_reader manifest;
    bool reading;              /* the manifest, with more to come */
    struct failure unreadable; /* the manifest is no manifest */
    FILE *written;             /* .manifest of a selection */
    struct manifest_writer writer;
    struct progress progress;
    struct result result;
};

/* -- one object ---------------------------------------------------------------------------------------------------- */

static int next_listed(void *context, struct pull_item *ret)
{
    return listed_next(&((struct fetch *)context)->listed, ret);
}

static int next_of_manifest(void *context, struct pull_item *ret)
{
    struct fetch *fetch = context;

    *ret = (struct pull_item){ .expected = true };
    if (!fetch->reading || manifest_read(&fetch->manifest, &ret->is, &fetch->unreadable) <= 0) {
        fetch->reading = false;
        return -1;
    }
    if (snprintf(
            ret->object, sizeof(ret->object), "%sversions/%s/%s", fetch->source.prefix, fetch->digest, ret->is.key) <
        (int)sizeof(ret->object))
        return 1;
    failure_set(&fetch->unreadable, REASON_INVALID_KEY, "%.300s is too long a key below this prefix", ret->is.key);
    return -1;
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

/* -- a published version ------------------------------------------------------------------------------------------- */

static int save_manifest(const struct fetch *fetch, struct slice text, struct failure *failure)
{
    int fd = openat(fetch->folder, ".manifest", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool good = file && (!text.length || fwrite(text.data, text.length, 1, file) == 1);

    if (file && fclose(file) != 0)
        good = false;
    return good ? 0 : volume_failure(failure, errno, ".manifest cannot be written");
}

static int bring_manifest(struct fetch *fetch, const char *to, struct failure *failure)
{
    auto_strbuf struct strbuf text = { .maximum = STRBUF_MAX_RESPONSE }, key = { 0 };
    auto_free char *path = NULL;
    char digest[SHA256_HEX];

    strbuf_addf(&key, "%sversions/%s/.manifest", fetch->source.prefix, fetch->digest);
    if (s3_get_text(fetch->source.s3, strbuf_text(&key), &text, failure) < 0)
        return failure->reason == REASON_NO_SUCH_KEY
                   ? failure_set(failure,
                                 REASON_NO_SUCH_VERSION,
                                 "s3://%s/%s is not there: the version was never published, or was removed",
                                 fetch->source.location.bucket,
                                 strbuf_text(&key))
                   : -1;
    sha256_hex((struct slice){ text.data, text.length }, digest);
    if (strcmp(digest, fetch->digest) != 0)
        return failure_set(failure,
                           REASON_CHECKSUM_MISMATCH,
                           "s3://%s/%s is not the manifest of its name: it was changed in the store; publish it again",
                           fetch->source.location.bucket,
                           strbuf_text(&key));
    if (save_manifest(fetch, (struct slice){ text.data, text.length }, failure) < 0)
        return -1;
    if (asprintf(&path, "%s/.manifest", to) < 0)
        BUG("out of memory");
    fetch->reading = true;
    return manifest_open(&fetch->manifest, path, failure);
}

static int fetch_published(struct fetch *fetch, const char *to, struct failure *failure)
{
    struct pull pull = {
        .s3 = fetch->source.s3, .context = fetch, .next = next_of_manifest, .open = open_file, .accept = take_item
    };

    if (bring_manifest(fetch, to, failure) < 0)
        return -1;
    manifest_writer_start(&fetch->writer, NULL);
    if (pull_run(&pull, failure) < 0)
        return -1;
    manifest_close(&fetch->manifest, NULL);
    if (fetch->unreadable.reason)
        *failure = fetch->unreadable;
    return fetch->unreadable.reason ? -1 : 0;
}

/* -- a selection --------------------------------------------------------------------------------------------------- */

static int fetch_selected(struct fetch *fetch, struct failure *failure)
{
    struct pull pull = {
        .s3 = fetch->source.s3, .context = fetch, .next = next_listed, .open = open_file, .accept = take_item
    };
    int fd = openat(fetch->folder, ".manifest", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    fetch->written = fd < 0 ? NULL : fdopen(fd, "w");
    if (!fetch->written)
        return volume_failure(failure, errno, ".manifest cannot be written");
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

    fetch->digest = option_named(options, "digest")->text;
    if (check_options(source, store, fetch->digest, to, failure) < 0 ||
        source_select(&fetch->selection, options, failure) < 0 ||
        source_open(&fetch->source, options, source ? source : store, failure) < 0)
        return -1;
    mkdir(to, 0775);
    fetch->folder = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fetch->folder < 0)
        return volume_failure(failure, errno, "the folder %s cannot be opened", to);
    progress_start(&fetch->progress, "fetch");
    if ((source ? fetch_selected(fetch, failure) : fetch_published(fetch, to, failure)) < 0)
        return -1;
    progress_end(&fetch->progress);
    return check_digest(fetch, failure);
}

int command_fetch(int argc, char **argv)
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
    manifest_writer_drop(&fetch.writer);
    if (fetch.manifest.file)
        manifest_close(&fetch.manifest, NULL);
    listed_stop(&fetch.listed);
    source_close(&fetch.source);
    selection_finish(&fetch.selection);
    return result_write(&fetch.result, result < 0 ? &failure : NULL, option_named(options, "result")->text);
}
