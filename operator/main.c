/* The program: picks a subcommand. Each lives in commands/, a file of its own. */

#include <stdio.h>
#include <string.h>

#include "commands/commands.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name; the result is the exit code */
    const char *help;
} commands[] = {
    { "lineage", command_lineage, "tell which job and data made a version of a model, and the other way round" },
    { "plan", command_plan, "print what would be created for a manifest, offline" },
    { "release",
      command_release,
      "take Kitae's finalizers off pods, so that nothing waits for an operator that is gone" },
    { "run", command_run, "run the operator" },
    { "selftest", command_selftest, "make a tiny TrainingJob, and tell whether an operator runs it" },
    { "version", command_version, "print the version" },
};

static int usage(FILE *out)
{
    fprintf(out,
            "Kitae carries machine learning work on Kubernetes from data to a served model.\n\nUsage: kitae COMMAND "
            "[FLAGS]\n\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    fprintf(out, "\n'kitae COMMAND --help' tells more of one.\n");
    return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr);
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return usage(stdout);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "kitae: unknown command '%s'\n\n", argv[1]);
    return usage(stderr);
}
