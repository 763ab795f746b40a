/* `kitae-agent diff A B`: what one manifest has and the other has not; one pass over both. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "manifest.h"

static const char usage[] =
    "Usage: kitae-agent diff MANIFEST MANIFEST\n"
    "\n"
    "Tells what the second has (+), has not (-) or has otherwise (~). Exits with 0 when they are\n"
    "equal, 1 when not, 2 when one cannot be read.";

enum { SAME, DIFFERENT, TROUBLE };

struct side {
    struct manifest_reader reader;
    struct manifest_line line;
    int there;
};

struct counts {
    uint64_t added, removed, changed;
};

static int step(struct side *side, struct failure *failure)
{
    side->there = manifest_read(&side->reader, &side->line, failure);
    return side->there < 0 ? -1 : 0;
}

/* Tells of the next key; the side or sides that have it move on. */
static int compare(struct side *before, struct side *after, struct counts *counts, struct failure *failure)
{
    int order = !before->there ? 1 : !after->there ? -1 : strcmp(before->line.key, after->line.key);

    if (order < 0) {
        counts->removed++;
        printf("- %s\n", before->line.key);
    } else if (order > 0) {
        counts->added++;
        printf("+ %s\n", after->line.key);
    } else if (strcmp(before->line.sha256, after->line.sha256) != 0) {
        counts->changed++;
        printf("~ %s\n", before->line.key);
    }
    if (order <= 0 && step(before, failure) < 0)
        return -1;
    return order >= 0 ? step(after, failure) : 0;
}

static int compare_all(struct side *before, struct side *after, struct counts *counts, struct failure *failure)
{
    if (step(before, failure) < 0 || step(after, failure) < 0)
        return -1;
    while (before->there || after->there)
        if (compare(before, after, counts, failure) < 0)
            return -1;
    return 0;
}

static int run(const char *left, const char *right, struct counts *counts, struct failure *failure)
{
    struct side before = { 0 }, after = { 0 };
    int result;

    if (manifest_open(&before.reader, left, failure) < 0)
        return -1;
    result = manifest_open(&after.reader, right, failure);
    if (result == 0) {
        result = compare_all(&before, &after, counts, failure);
        manifest_close(&after.reader, NULL);
    }
    manifest_close(&before.reader, NULL);
    return result;
}

static int command(int argc, char **argv)
{
    struct counts counts = { 0 };
    struct failure failure;

    if (argc != 3 || argv[1][0] == '-') {
        bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;

        fprintf(asked ? stdout : stderr, "%s\n", usage);
        return asked ? SAME : TROUBLE;
    }
    if (run(argv[1], argv[2], &counts, &failure) < 0) {
        fprintf(stderr, "kitae-agent: %s\n", failure.message);
        return TROUBLE;
    }
    printf(
        "%" PRIu64 " added, %" PRIu64 " removed, %" PRIu64 " changed\n", counts.added, counts.removed, counts.changed);
    return counts.added || counts.removed || counts.changed ? DIFFERENT : SAME;
}

const struct command diff_command = {
    "diff", "two manifests", usage, .operands = "FILE", .run = command,
};
