/* `kitae-agent verify`: every byte of a version against its manifest, and the manifest against the digest. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../operator/base/memory.h"
#include "../operator/cli/options.h"
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
    { "result", 0, OPTION_TEXT, "FILE", "where the result goes (default: /dev/termination-log, if there is one)" },
    { NULL },
};

static int hash_file(FILE *file, uint64_t *ret_size, char ret[SHA256_HEX])
{
    struct sha256 hash = { 0 };
    char bytes[64 * 1024];
    size_t length;

    sha256_start(&hash);
    for (*ret_size = 0; (length = fread(bytes, 1, sizeof(bytes), file)) > 0; *ret_size += length)
        sha256_add(&hash, bytes, length);
    sha256_end(&hash, ret);
    return ferror(file) ? -1 : 0;
}

static int check_file(const char *folder, const struct manifest_line *line, struct failure *failure)
{
    auto_free char *path = NULL;
    char content[SHA256_HEX];
    uint64_t size;
    FILE *file;
    int result;

    if (asprintf(&path, "%s/%s", folder, line->key) < 0)
        BUG("out of memory");
    file = fopen(path, "re");
    if (!file)
        return failure_set(failure, REASON_CHECKSUM_MISMATCH, "%.300s: %s", path, strerror(errno));
    result = hash_file(file, &size, content);
    fclose(file);
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
    struct result result = { .started_at = time(NULL) };
    int parsed = options_parse(options, argc, argv, usage), done;
    struct failure failure;

    if (parsed)
        return parsed == 1 ? 0 : parsed;
    done = run(&result, &failure);
    return result_write(&result, done < 0 ? &failure : NULL, option_named(options, "result")->text);
}
