#pragma once
/* The subcommands. argv[0] is the subcommand's own name; the result is the exit code: 0 fine, 1 failed, 2 usage. */

int command_lineage(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_release(int argc, char **argv);
int command_run(int argc, char **argv);
int command_selftest(int argc, char **argv);
int command_version(int argc, char **argv);
