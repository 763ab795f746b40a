/* `kitae-agent shard`: the keys that are the shares of some ranks, a file each. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../operator/base/memory.h"
#include "commands.h"
#include "manifest.h"
#include "result.h"
#include "shards.h"
#include "volume_error.h"

enum { MAX_WORLD = 65536 };

static const char usage[] = "Usage: kitae-agent shard --manifest FILE --world N --rank R [--rank R]... --to DIR\n"
                            "\n"
                            "Writes DIR/R.txt for each rank: the keys of its share, a line each. Shares follow from "
                            "the manifest and N alone, and\n"
                            "differ by no more bytes than the largest object has.";

static struct option options[] = {
    { "manifest", 0, OPTION_TEXT, "FILE", "the version's .manifest, required" },
    { "world", 0, OPTION_NUMBER, "N", "how many ranks there are, required" },
    { "rank", 0, OPTION_REPEAT, "R", "whose share is written, from 0; may be repeated; required" },
    { "to", 0, OPTION_TEXT, "DIR", "where to, required" },
    RESULT_OPTION,
    { NULL },
};

/* Files by rank; NULL: nobody asked. */
static int open_files(FILE **files, int world, const char *to, struct failure *failure)
{
    const struct option *ranks = option_named(options, "rank");

    for (size_t i = 0; i < ranks->list_count; i++) {
        auto_free char *path = NULL;
        char *end;
        long rank = strtol(ranks->list[i], &end, 10);

        if (*end || end == ranks->list[i] || rank < 0 || rank >= world)
            return failure_set(failure,
                               REASON_INVALID_OPTIONS,
                               "--rank %.20s: write a number from 0 to %d",
                               ranks->list[i],
                               world - 1);
        if (asprintf(&path, "%s/%ld.txt", to, rank) < 0)
            BUG("out of memory");
        files[rank] = files[rank] ? files[rank] : fopen(path, "we");
        if (!files[rank])
            return volume_failure(failure, errno, "%s cannot be written", path);
    }
    return 0;
}

static int close_files(FILE **files, int world, struct failure *failure)
{
    int result = 0;

    for (int rank = 0; rank < world; rank++)
        if (files[rank] && fclose(files[rank]) != 0)
            result = volume_failure(failure, errno, "%d.txt cannot be written", rank);
    return result;
}

static int deal(
    struct manifest_reader *manifest, FILE **files, int world, struct result *result, struct failure *failure)
{
    struct manifest_line line;
    struct shards shards;
    int there;

    shards_init(&shards, world);
    while ((there = manifest_read(manifest, &line, failure)) > 0) {
        FILE *file = files[shards_next(&shards, line.size)];

        result->objects++;
        result->bytes += line.size;
        if (file && fprintf(file, "%s\n", line.key) < 0) {
            there = volume_failure(failure, errno, "a share cannot be written");
            break;
        }
    }
    shards_finish(&shards);
    return there;
}

static int run(struct result *result, struct failure *failure)
{
    const char *path = option_named(options, "manifest")->text, *to = option_named(options, "to")->text;
    long world = option_named(options, "world")->number;
    auto_free FILE **files = NULL;
    struct manifest_reader manifest;
    int dealt;

    if (!path || !to || world < 1 || world > MAX_WORLD || !option_named(options, "rank")->list_count)
        return failure_set(failure,
                           REASON_INVALID_OPTIONS,
                           "--manifest, --world (1 to %d), --rank and --to are all required",
                           MAX_WORLD);
    if (manifest_open(&manifest, path, failure) < 0)
        return -1;
    files = xcalloc((size_t)world, sizeof(*files));
    dealt = open_files(files, (int)world, to, failure);
    if (dealt == 0)
        dealt = deal(&manifest, files, (int)world, result, failure);
    manifest_close(&manifest, result->digest);
    return close_files(files, (int)world, failure) < 0 || dealt < 0 ? -1 : 0;
}

static int command(int argc, char **argv)
{
    return command_run(options, argc, argv, usage, run);
}

const struct command shard_command = {
    "shard", "the shares of ranks in a version", usage, options, .run = command,
};
