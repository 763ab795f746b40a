/* `kitae-agent sync`: what is selected in a bucket becomes a version on a volume, or its digest alone. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../operator/base/memory.h"
#include "commands.h"
#include "listed.h"
#include "progress.h"
#include "pull.h"
#include "result.h"
#include "source.h"
#include "state.h"
#include "volume.h"
#include "volume_error.h"

static const char usage[] = "Usage: kitae-agent sync --source s3://BUCKET/PREFIX [--volume DIR] [FLAGS]\n"
                            "\n"
                            "Brings what is selected from S3 and makes a version of it, named by the digest of its "
                            "manifest. With --volume the\n"
                            "version lies in DIR/versions/DIGEST; what is unchanged is not fetched again, and an "
                            "interrupted sync goes on where it\n"
                            "was. Without, everything is read and only the digest is told. Credentials: "
                            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,\n"
                            "AWS_SESSION_TOKEN; else AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE; else none.";

static struct option options[] = {
    { "source", 0, OPTION_TEXT, "URI", "s3://BUCKET/PREFIX, required" },
    { "volume", 0, OPTION_TEXT, "DIR", "where versions are kept (default: nowhere)" },
    PLACE_OPTIONS,
    SELECTION_OPTIONS,
    TRANSFER_OPTIONS,
    RESULT_OPTION,
    { NULL },
};

struct sync {
    struct source source;
    struct selection selection;
    struct volume volume; /* path NULL: none */
    struct listed listed;
    struct state_reader known;
    FILE *state, *manifest; /* being written; NULL without a volume */
    struct manifest_writer writer;
    struct progress progress;
    struct result result;
};

/* -- one object ---------------------------------------------------------------------------------------------------- */

static bool is_unchanged(const struct state_line *line, const struct pull_item *item)
{
    return line->is.size == item->is.size && *item->etag && strcmp(line->etag, item->etag) == 0;
}

/* What the last sync knew of it. */
static void compare(struct sync *sync, struct pull_item *item)
{
    const struct state_line *line = state_find(&sync->known, item->is.key, &sync->result.removed);

    if (!line) {
        sync->result.added++;
        return;
    }
    if (!is_unchanged(line, item)) {
        sync->result.changed++;
        return;
    }
    item->known = volume_has_content(&sync->volume, line->is.sha256, line->is.size);
    if (item->known)
        memcpy(item->is.sha256, line->is.sha256, sizeof(item->is.sha256));
}

static int next_item(void *context, struct pull_item *ret)
{
    struct sync *sync = context;
    int there = listed_next(&sync->listed, ret);

    if (there < 0)
        progress_total(&sync->progress, sync->listed.selected, sync->listed.selected_bytes);
    if (there > 0 && sync->volume.path)
        compare(sync, ret);
    return there;
}

static int open_file(void *context, struct pull_item *item, struct failure *failure)
{
    struct sync *sync = context;

    return volume_new_content(&sync->volume, item->file, failure);
}

static int keep_file(void *context, const struct pull_item *item, struct failure *failure)
{
    struct sync *sync = context;

    return volume_keep_content(&sync->volume, item->file, item->is.sha256, failure);
}

static int take_item(void *context, const struct pull_item *item, struct failure *failure)
{
    struct sync *sync = context;
    struct state_line line = { .is = item->is };

    sync->result.fetched += item->fetched;
    sync->result.fetched_bytes += item->fetched ? item->is.size : 0;
    progress_add(&sync->progress, item->is.size);
    if (manifest_write(&sync->writer, &item->is, failure) < 0)
        return -1;
    memcpy(line.etag, item->etag, sizeof(line.etag));
    return sync->state ? state_write(sync->state, &line, failure) : 0;
}

/* -- all of them --------------------------------------------------------------------------------------------------- */

static int open_state(struct sync *sync, struct failure *failure)
{
    if (state_recover(sync->volume.own, failure) < 0)
        return -1;
    state_open(&sync->known, sync->volume.own);
    sync->state = state_create(sync->volume.own, failure);
    if (!sync->state)
        return -1;
    sync->manifest = volume_new_manifest(&sync->volume, failure);
    return sync->manifest ? 0 : -1;
}

static int bring(struct sync *sync, struct failure *failure)
{
    struct pull pull = {
        .s3 = sync->source.s3, .context = sync, .next = next_item, .accept = take_item, .progress = &sync->progress
    };

    if (sync->volume.path) {
        pull.open = open_file;
        pull.keep = keep_file;
    }
    if (listed_start(&sync->listed, &sync->source, &sync->selection, failure) < 0)
        return -1;
    if (pull_run(&pull, failure) < 0 || listed_end(&sync->listed, failure) < 0)
        return -1;
    sync->result.skipped_markers = sync->listed.markers;
    return 0;
}

static int publish(struct sync *sync, struct failure *failure)
{
    FILE *state = take(sync->state);
    int result;

    sync->result.objects = sync->writer.objects;
    sync->result.bytes = sync->writer.bytes;
    result = manifest_writer_end(&sync->writer, sync->result.digest, failure);
    if (!sync->volume.path || result < 0)
        return result;
    fclose(take(sync->manifest));
    state_find(&sync->known, "\xff", &sync->result.removed); /* what lies behind the last key is gone too */
    if (volume_publish(&sync->volume, sync->result.digest, failure) < 0)
        return -1;
    return state_commit(sync->volume.own, state, failure);
}

static int run(struct sync *sync, struct failure *failure)
{
    const char *uri = option_named(options, "source")->text, *volume = option_named(options, "volume")->text;

    if (!uri)
        return failure_set(failure, REASON_INVALID_OPTIONS, "--source is required: write s3://BUCKET/PREFIX");
    if (source_select(&sync->selection, options, failure) < 0 || source_open(&sync->source, options, uri, failure) < 0)
        return -1;
    if (volume && (volume_open(&sync->volume, volume, failure) < 0 || open_state(sync, failure) < 0))
        return -1;
    manifest_writer_start(&sync->writer, sync->manifest);
    progress_start(&sync->progress, "sync", sync->source.s3);
    if (bring(sync, failure) < 0)
        return -1;
    progress_end(&sync->progress);
    return publish(sync, failure);
}

static int command(int argc, char **argv)
{
    struct sync sync = { .result = { .started_at = time(NULL) } };
    int parsed = options_parse(options, argc, argv, usage), result;
    struct failure failure;

    if (parsed)
        return parsed == 1 ? 0 : parsed;
    result = run(&sync, &failure);
    if (sync.state)
        fclose(sync.state); /* what was done is there for the next one */
    progress_drop(&sync.progress);
    manifest_writer_drop(&sync.writer);
    state_close(&sync.known);
    listed_stop(&sync.listed);
    source_close(&sync.source);
    selection_finish(&sync.selection);
    volume_close(&sync.volume);
    return result_write(&sync.result, result < 0 ? &failure : NULL, option_named(options, "result")->text);
}

const struct command sync_command = {
    "sync", "from S3 to a version on a volume, or to its digest alone", usage, options, .run = command,
};
