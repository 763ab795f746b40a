/* `kitae-agent verify`: every byte of a version against its manifest, and the manifest against the digest. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../operator/base/memory.h"
#include "commands.h"
#include "manifest.h"
#include "result.h"

static const char usage[] = "Usage: kitae-agent verify --volume DIR --digest DIGEST\n"
                            "       kitae-agent verify --dir DIR --manifest FILE [--digest DIGEST]\n"
                            "\n"
                            "Reads every file that the manifest names, and tells the first that is not what it says.";

static struct option options[] = {
    { "volume", 0, OPTION_TEXT, "DIR", "where versions are kept" },
    { "dir", 0, OPTION_TEXT, "DIR", "where the files of the manifest are" },
    { "manifest", 0, OPTION_TEXT, "FILE", "the manifest" },
    { "digest", 0, OPTION_TEXT, "DIGEST", "what the manifest's digest must be" },
    RESULT_OPTION,
    { NULL },
};

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

static int run(struct result *result, struct failure *failure)
{
    const char *volume = option_named(options, "volume")->text, *digest = option_named(options, "digest")->text;
    const char *folder = option_named(options, "dir")->text, *manifest = option_named(options, "manifest")->text;
    auto_free char *version = NULL, *own = NULL;

    if (!volume)
        return folder && manifest ? verify(folder, manifest, result, failure)
                                  : failure_set(failure,
                                                REASON_INVALID_OPTIONS,
                                                "write --volume and --digest, or --dir and --manifest");
    if (!digest)
        return failure_set(failure, REASON_INVALID_OPTIONS, "--digest is required: which version of the volume");
    if (asprintf(&version, "%s/versions/%s", volume, digest) < 0 || asprintf(&own, "%s/.manifest", version) < 0)
        BUG("out of memory");
    return verify(version, own, result, failure);
}

int command_verify(int argc, char **argv)
{
    return command_run(options, argc, argv, usage, run);
}
