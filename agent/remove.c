/* `kitae-agent remove`: versions from a volume, and contents that no version has any more. */

#include "commands.h"
#include "result.h"
#include "volume.h"

static const char usage[] =
    "Usage: kitae-agent remove --volume DIR --digest DIGEST [--digest DIGEST]...\n"
    "\n"
    "Takes versions from a volume, each at once, then contents that no version has. A version that is not there\n"
    "is fine.";

static struct option options[] = {
    { "volume", 0, OPTION_TEXT, "DIR", "where the versions are, required" },
    { "digest", 0, OPTION_REPEAT, "DIGEST", "which version; may be repeated; required" },
    RESULT_OPTION,
    { NULL },
};

static int remove_all(struct volume *volume, struct result *result, struct failure *failure)
{
    const struct option *digests = option_named(options, "digest");

    for (size_t i = 0; i < digests->list_count; i++) {
        if (!is_sha256(digests->list[i]))
            return failure_set(
                failure, REASON_INVALID_OPTIONS, "--digest %.80s: write 64 hexadecimal digits", digests->list[i]);
        if (volume_remove(volume, digests->list[i], failure) < 0)
            return -1;
        result->removed++;
    }
    return volume_sweep(volume, failure);
}

static int run(struct result *result, struct failure *failure)
{
    const char *path = option_named(options, "volume")->text;
    struct volume volume = { 0 };
    int done;

    if (!path || !option_named(options, "digest")->list_count)
        return failure_set(failure, REASON_INVALID_OPTIONS, "--volume and --digest are required");
    done = volume_open(&volume, path, failure) < 0 ? -1 : remove_all(&volume, result, failure);
    volume_close(&volume);
    return done;
}

int command_remove(int argc, char **argv)
{
    return command_run(options, argc, argv, usage, run);
}
