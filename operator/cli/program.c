#include "program.h"

#include <stdio.h>
#include <string.h>

const struct command *program_command(const struct program *program, const char *name)
{
    for (const struct command *const *command = program->commands; *command; command++)
        if (strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}

static int usage(const struct program *program, FILE *out)
{
    fprintf(out, "Usage: %s COMMAND [FLAGS]\n\nKitae %s.\n\n", program->name, program->purpose);
    for (const struct command *const *command = program->commands; *command; command++)
        fprintf(out, "  %-10s  %s\n", (*command)->name, (*command)->help);
    fprintf(out, "\n'%s COMMAND --help' tells more of one.\n", program->name);
    return out == stdout ? 0 : 2;
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

int program_main(const struct program *program, int argc, char **argv)
{
    const struct command *command;

    if (argc < 2)
        return usage(program, stderr);
    if (is_one_of(argv[1], "help", "--help", "-h"))
        return usage(program, stdout);
    command = program_command(program, argv[1]);
    if (!command) {
        fprintf(stderr, "%s: unknown command '%s'\n\n", program->name, argv[1]);
        return usage(program, stderr);
    }
    return command->run ? command->run(argc - 1, argv + 1) : command->tell(program, argc - 1, argv + 1);
}
