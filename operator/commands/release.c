#include "commands.h"
int command_release(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 2;
}
