/*
 * `completion bash|zsh`: a script for that shell. Where the bash one offers nothing, bash offers files; so flags whose
 * value is a file need no word there.
 */

#include <stdio.h>
#include <string.h>

#include "program.h"

static const char usage[] =
    "Usage: kitae completion bash|zsh\n"
    "       kitae-agent completion bash|zsh\n"
    "\n"
    "Prints a script that completes commands, flags and their values. For bash, in ~/.bashrc:\n"
    "source <(kitae completion bash). For zsh, after compinit in ~/.zshrc: source <(kitae completion zsh).\n"
    "`make install` puts both where the shells look for them.";

static void write_words(const char *choices) /* "a|b" as "a b" */
{
    for (const char *c = choices; *c; c++)
        putchar(*c == '|' ? ' ' : *c);
}

/* The name of bash's function: "_kitae_agent". */
static void write_function(const struct program *program)
{
    putchar('_');
    for (const char *c = program->name; *c; c++)
        putchar(*c == '-' ? '_' : *c);
}

static bool is_folder(const struct option *option)
{
    return strcmp(option->value, "DIR") == 0;
}

static bool takes_files(const struct command *command)
{
    return command->operands && strcmp(command->operands, "FILE") == 0;
}

/* -- bash ---------------------------------------------------------------------------------------------------------- */

/* The words that may follow a command: its operands and flags. */
static void bash_words(const struct command *command)
{
    printf("        %s) words='", command->name);
    if (command->operands && !takes_files(command))
        write_words(command->operands);
    for (const struct option *option = command->options; option && option->name; option++) {
        if (option->letter)
            printf("-%c ", option->letter);
        printf("--%s ", option->name);
    }
    printf("%s' ;;\n", command->options ? "--help" : "");
}

/* What may follow each flag that takes a value. */
static void bash_values(const struct command *command)
{
    for (const struct option *option = command->options; option && option->name; option++) {
        if (option->type == OPTION_SWITCH)
            continue;
        printf("    %s:--%s", command->name, option->name);
        if (option->letter)
            printf(" | %s:-%c", command->name, option->letter);
        printf(")");
        if (option->type == OPTION_CHOICE) {
            printf(" words='");
            write_words(option->value);
            printf("'");
        } else if (is_folder(option)) {
            printf(" mapfile -t COMPREPLY < <(compgen -d -- \"$word\")");
        }
        printf(" ;;\n");
    }
}

static void write_bash(const struct program *program)
{
    write_function(program);
    printf(
        "() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]} words=''\n"
        "    COMPREPLY=()\n"
        "    # --flag=value is three words here\n"
        "    if [ \"$word\" = = ]; then word=''; elif [ \"$flag\" = = ]; then flag=${COMP_WORDS[COMP_CWORD - 2]}; fi\n"
        "    case $([ \"$COMP_CWORD\" = 1 ] || echo \"${COMP_WORDS[1]}\"):$flag in\n"
        "    :*) words='");
    for (const struct command *const *command = program->commands; *command; command++)
        printf("%s ", (*command)->name);
    printf("help --help' ;;\n");
    for (const struct command *const *command = program->commands; *command; command++)
        bash_values(*command);
    printf("    *)\n        case ${COMP_WORDS[1]} in\n");
    for (const struct command *const *command = program->commands; *command; command++)
        bash_words(*command);
    printf("        esac\n        ;;\n    esac\n"
           "    [ -z \"$words\" ] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
           "}\n"
           "complete -o default -F ");
    write_function(program);
    printf(" %s\n", program->name);
}

/* -- zsh ----------------------------------------------------------------------------------------------------------- */

/* Within single quotes of the shell, with a backslash before what zsh reads as a mark. */
static void zsh_text(const char *text, const char *marks)
{
    for (const char *c = text; *c; c++) {
        if (*c == '\'') {
            printf("'\\''");
            continue;
        }
        if (strchr(marks, *c) || *c == '\\')
            putchar('\\');
        putchar(*c);
    }
}

static void zsh_value(const struct option *option)
{
    printf(":");
    zsh_text(option->value, ":");
    printf(":");
    if (option->type == OPTION_CHOICE) {
        printf("(");
        write_words(option->value);
        printf(")");
    } else if (strcmp(option->value, "FILE") == 0 || is_folder(option)) {
        printf(is_folder(option) ? "_files -/" : "_files");
    }
}

static void zsh_flag(const struct option *option, bool letter)
{
    printf(" \\\n            '%s", option->type == OPTION_LIST || option->type == OPTION_REPEAT ? "*" : "");
    if (letter)
        printf("-%c", option->letter);
    else
        printf("--%s%s", option->name, option->type == OPTION_SWITCH ? "" : "=");
    printf("[");
    zsh_text(option->help, "[]");
    printf("]");
    if (option->type != OPTION_SWITCH)
        zsh_value(option);
    printf("'");
}

static void zsh_command(const struct command *command)
{
    printf("    %s)\n        _arguments", command->name);
    for (const struct option *option = command->options; option && option->name; option++) {
        if (option->letter)
            zsh_flag(option, true);
        zsh_flag(option, false);
    }
    if (command->options)
        printf(" \\\n            '--help[tell all of this]'");
    if (takes_files(command)) {
        printf(" \\\n            '*:file:_files'");
    } else if (command->operands) {
        printf(" \\\n            '1:which:(");
        write_words(command->operands);
        printf(")'");
    }
    printf("\n        ;;\n");
}

/* The function is called like the file that compinit loads it from. */
static void write_zsh(const struct program *program)
{
    printf("#compdef %s\n_%s() {\n    local command\n    local -a commands=(\n", program->name, program->name);
    for (const struct command *const *command = program->commands; *command; command++) {
        printf("        '%s:", (*command)->name);
        zsh_text((*command)->help, "");
        printf("'\n");
    }
    printf("    )\n"
           "    if ((CURRENT == 2)); then\n        _describe command commands\n        return\n    fi\n"
           "    command=$words[2]\n    shift words\n    ((CURRENT--))\n"
           "    case $command in\n");
    for (const struct command *const *command = program->commands; *command; command++)
        zsh_command(*command);
    printf("    esac\n}\n"
           "if [ \"$funcstack[1]\" = _%s ]; then\n    _%s \"$@\"\nelse\n    compdef _%s %s\nfi\n",
           program->name,
           program->name,
           program->name,
           program->name);
}

static int write_completion(const struct program *program, int argc, char **argv)
{
    const char *shell = argc == 2 ? argv[1] : "";
    bool asked = strcmp(shell, "--help") == 0;

    if (strcmp(shell, "bash") == 0) {
        write_bash(program);
        return 0;
    }
    if (strcmp(shell, "zsh") == 0) {
        write_zsh(program);
        return 0;
    }
    fprintf(asked ? stdout : stderr, "%s\n", usage);
    return asked ? 0 : 2;
}

const struct command completion_command = {
    "completion",
    "print a script that completes commands in bash or zsh",
    usage,
    .operands = "bash|zsh",
    .tell = write_completion,
};
