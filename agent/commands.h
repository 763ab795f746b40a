#pragma once
/* The subcommands, a file each. Each takes its own name in argv[0] and returns the process's exit code. */

int command_sync(int argc, char **argv);
int command_fetch(int argc, char **argv);
int command_publish(int argc, char **argv);
int command_remove(int argc, char **argv);
int command_shard(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_diff(int argc, char **argv);
