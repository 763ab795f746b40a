/* kitae-agent: what moves data, inside pods and by hand. */

#include <stdio.h>
#include <string.h>

#include "../operator/base/memory.h"
#include "commands.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "sync", command_sync, "from S3 to a version on a volume, or to its digest alone" },
    { "fetch", command_fetch, "one version from S3 to a folder, verified" },
    { "publish", command_publish, "a folder to S3, as a version" },
    { "remove", command_remove, "versions from a volume or from S3" },
    { "shard", command_shard, "the shares of ranks in a version" },
    { "verify", command_verify, "every byte of a version" },
    { "diff", command_diff, "two manifests" },
};

static int help(FILE *out, int result)
{
    fputs("Usage: kitae-agent COMMAND [FLAGS]\n\nMoves data between S3 and volumes, as versions named by their "
          "content.\n\n",
          out);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
    fputs("\n`kitae-agent COMMAND --help` tells more.\n", out);
    return result;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return help(stderr, 2);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(stdout, 0);
    if (strcmp(argv[1], "--version") == 0)
        return printf("kitae-agent %s\n", KITAE_VERSION) < 0;
    fprintf(stderr, "kitae-agent: there is no command '%s'\n\n", argv[1]);
    return help(stderr, 2);
}
