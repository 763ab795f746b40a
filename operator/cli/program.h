#pragma once
/*
 * A program of subcommands: picks one, and tells of all of them, in its help, as a completion for shells and as manual
 * pages. All three are made from these tables, so they say the same.
 */

#include "options.h"

struct program;

struct command {
    const char *name;
    const char *help;       /* a few words, for lists */
    const char *usage;      /* the head of --help: "Usage: ..." and lines like it, a blank line, what it does */
    struct option *options; /* NULL: none */
    const char *operands;   /* what its first arguments may be: "a|b" (its choices), "FILE"; NULL: nobody knows */

    /* argv[0] is the subcommand's name; the result is the exit code. One of the two is there. */
    int (*run)(int argc, char **argv);
    int (*tell)(const struct program *program, int argc, char **argv);
};

struct program {
    const char *name;
    const char *purpose;                   /* a sentence without a full stop, "moves data ..." */
    const char *exits;                     /* sentences about exit codes */
    const struct command *const *commands; /* ended by NULL */
};

int program_main(const struct program *program, int argc, char **argv);

/* NULL: there is none of that name. */
const struct command *program_command(const struct program *program, const char *name);

/* Commands that every program may have: `completion bash|zsh` and `manual [COMMAND]`. */
extern const struct command completion_command, manual_command;
