/* `manual [COMMAND]`: a page in man(7), of the program or of one command. */

#include <stdio.h>
#include <string.h>

#include "program.h"

static const char usage[] = "Usage: kitae manual [COMMAND]\n"
                            "       kitae-agent manual [COMMAND]\n"
                            "\n"
                            "Prints the manual page of the program, or of one of its commands, for `man -l -`.";

/* Text that is set as it stands: no requests, no escapes, and dashes that can be copied. */
static void write_text(const char *text, size_t length)
{
    if (length && (*text == '.' || *text == '\''))
        fputs("\\&", stdout);
    for (const char *c = text; c < text + length; c++) {
        if (*c == '-')
            fputs("\\-", stdout);
        else if (*c == '\\')
            fputs("\\e", stdout);
        else
            putchar(*c);
    }
}

static void write_string(const char *text)
{
    write_text(text, strlen(text));
}

/* `command` NULL: the program's own page. */
static void write_name(const struct program *program, const struct command *command)
{
    write_string(program->name);
    if (command) {
        write_string("-");
        write_string(command->name);
    }
}

static void write_head(const struct program *program, const struct command *command)
{
    printf(".TH \"");
    write_name(program, command);
    printf("\" 1 \"\" \"Kitae " KITAE_VERSION "\" \"Kitae\"\n.SH NAME\n");
    write_name(program, command);
    printf(" \\- ");
    write_string(command ? command->help : program->purpose);
    printf("\n");
}

/* The head of a --help: lines of usage as the synopsis, then paragraphs. */
static void write_usage(const char *text)
{
    static const char first[] = "Usage: ";
    bool synopsis = true;

    printf(".SH SYNOPSIS\n.nf\n");
    while (*text) {
        size_t length = strcspn(text, "\n");

        if (synopsis && !length)
            printf(".fi\n.SH DESCRIPTION\n");
        else if (!length)
            printf(".PP\n");
        else if (synopsis)
            write_text(text + sizeof(first) - 1, length - (sizeof(first) - 1));
        else
            write_text(text, length);
        if (length)
            printf("\n");
        synopsis = synopsis && length;
        text += length + (text[length] == '\n');
    }
}

static void write_flags(const struct option *options)
{
    printf(".SH FLAGS\n");
    for (const struct option *option = options; option->name; option++) {
        char variable[OPTION_VARIABLE_SIZE];

        printf(".TP\n");
        if (option->letter)
            printf("\\fB\\-%c\\fR, ", option->letter);
        printf("\\fB\\-\\-");
        write_string(option->name);
        printf("\\fR");
        if (option->value) {
            printf(" \\fI");
            write_string(option->value);
            printf("\\fR");
        }
        option_variable(option, variable);
        printf("\n");
        write_string(option->help);
        printf(" [%s]\n", variable);
    }
    printf(
        ".PP\nA flag wins over the variable in brackets. A switch may be given as\n\\fB\\-\\-flag=false\\fR, too.\n");
}

static void write_exits(const struct program *program)
{
    printf(".SH EXIT STATUS\n");
    write_string(program->exits);
    printf("\n");
}

static void write_command_page(const struct program *program, const struct command *command)
{
    write_head(program, command);
    write_usage(command->usage);
    if (command->options)
        write_flags(command->options);
    write_exits(program);
    printf(".SH SEE ALSO\n.BR ");
    write_name(program, NULL);
    printf(" (1)\n");
}

static void write_program_page(const struct program *program)
{
    write_head(program, NULL);
    printf(".SH SYNOPSIS\n");
    write_name(program, NULL);
    printf(" COMMAND [FLAGS]\n.SH COMMANDS\n");
    for (const struct command *const *command = program->commands; *command; command++) {
        printf(".TP\n.BR ");
        write_name(program, *command);
        printf(" (1)\n");
        write_string((*command)->help);
        printf("\n");
    }
    write_exits(program);
}

static int write_manual(const struct program *program, int argc, char **argv)
{
    const struct command *command = argc == 2 ? program_command(program, argv[1]) : NULL;
    bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;

    if (argc == 1) {
        write_program_page(program);
        return 0;
    }
    if (command) {
        write_command_page(program, command);
        return 0;
    }
    if (!asked && argc == 2)
        fprintf(stderr, "%s: unknown command '%s'\n\n", program->name, argv[1]);
    fprintf(asked ? stdout : stderr, "%s\n", usage);
    return asked ? 0 : 2;
}

const struct command manual_command = {
    "manual",
    "print the manual page of the program, or of a command",
    usage,
    .tell = write_manual,
};
