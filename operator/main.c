/* The program: its subcommands, which live in commands/, a file each. */

#include "commands/commands.h"

static const struct command *const commands[] = {
    &completion_command, &lineage_command,  &manual_command,  &plan_command, &release_command,
    &run_command,        &selftest_command, &version_command, NULL,
};

static const struct program program = {
    "kitae",
    "carries machine learning work on Kubernetes from data to a served model",
    "0 when it went well, 1 when it did not, 2 when the command line is wrong.",
    commands,
};

int main(int argc, char **argv)
{
    return program_main(&program, argc, argv);
}
