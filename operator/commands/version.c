#include <stdio.h>

#include "commands.h"

int command_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("kitae %s\n", KITAE_VERSION);
    return 0;
}
