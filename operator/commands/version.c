#include <stdio.h>

#include "commands.h"

static const char usage[] = "Usage: kitae version\n"
                            "\n"
                            "Prints the version.";

static int command(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("kitae %s\n", KITAE_VERSION);
    return 0;
}

const struct command version_command = {
    "version",
    "print the version",
    usage,
    .run = command,
};
