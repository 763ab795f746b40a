/* `kitae-agent remove`: versions from a volume, and contents that no version has any more. */

#include <string.h>
#include <time.h>

#include "../operator/cli/options.h"
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
    { "result", 0, OPTION_TEXT, "FILE", "where the result goes (default: /dev/termination-log, if there is one)" },
    { NULL },
};

static bool is_digest(const char *text)
{
    return strlen(text) == SHA256_HEX - 1 && strspn(text, "0123456789abcdef") == SHA256_HEX - 1;
}

static int remove_all(struct volume *volume, struct result *result, struct failure *failure)
{
    const struct option *digests = option_named(options, "digest");

    for (size_t i = 0; i < digests->list_count; i++) {
        if (!is_digest(digests->list[i]))
            return failure_set(
                failure, REASON_INVALID_OPTIONS, "--digest %.80s: write 64 hexadecimal digits", digests->list[i]);
        if (volume_remove(volume, digests->list[i], failure) < 0)
            return -1;
        result->removed++;
    }
    return volume_sweep(volume, failure);
}

int command_remove(int argc, char **argv)
{
    struct result result = { .started_at = time(NULL) };
    int parsed = options_parse(options, argc, argv, usage), done;
    struct volume volume = { 0 };
    struct failure failure;
    const char *path;

    if (parsed)
        return parsed == 1 ? 0 : parsed;
    path = option_named(options, "volume")->text;
    if (!path || !option_named(options, "digest")->list_count)
        done = failure_set(&failure, REASON_INVALID_OPTIONS, "--volume and --digest are required");
    else
        done = volume_open(&volume, path, &failure) < 0 ? -1 : remove_all(&volume, &result, &failure);
    volume_close(&volume);
    return result_write(&result, done < 0 ? &failure : NULL, option_named(options, "result")->text);
}
