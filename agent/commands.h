#pragma once
/* The subcommands, a file each. Exit codes are in result.h. */

#include "../operator/cli/program.h"

extern const struct command diff_command, fetch_command, publish_command, remove_command, shard_command, sync_command,
    verify_command;
