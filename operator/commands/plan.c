#include "commands.h"
int command_plan(int c, char **v)
{
    (void)c;
    (void)v;
    return 2;
}
