#pragma once
/* The subcommands, a file each. The exit code is 0 when it went well, 1 when it failed, 2 for a wrong command line. */

#include "../cli/program.h"

extern const struct command lineage_command, plan_command, release_command, run_command, selftest_command,
    version_command;
