/* kitae-agent: what moves data, inside pods and by hand. */

#include <stdio.h>
#include <string.h>

#include "commands.h"

static const struct command *const commands[] = {
    &sync_command,   &fetch_command, &publish_command,    &remove_command, &shard_command,
    &verify_command, &diff_command,  &completion_command, &manual_command, NULL,
};

static const struct program program = {
    "kitae-agent",
    "moves data between S3 and volumes, as versions named by their content",
    "0 when it went well, 1 when a person must mend something, 2 when the command line is wrong, 75 when trying again "
    "may "
    "help.",
    commands,
};

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("kitae-agent %s\n", KITAE_VERSION) < 0;
    return program_main(&program, argc, argv);
}
