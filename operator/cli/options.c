#include "options.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/memory.h"
#include "../base/strbuf.h"

struct option *option_named(struct option *options, const char *name)
{
    for (struct option *option = options; option->name; option++)
        if (strcmp(option->name, name) == 0)
            return option;
    BUG("no option '%s'", name);
}

static struct option *find(struct option *options, const char *name, size_t length)
{
    for (struct option *option = options; option->name; option++)
        if ((strlen(option->name) == length && memcmp(option->name, name, length) == 0) ||
            (length == 1 && option->letter == *name))
            return option;
    return NULL;
}

void option_variable(const struct option *option, char *out)
{
    char *at = stpcpy(out, "KITAE_");

    if (strlen(option->name) >= OPTION_VARIABLE_SIZE - strlen(out))
        BUG("the name of option '%s' is too long", option->name);
    for (const char *c = option->name; *c; c++)
        *at++ = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    *at = 0;
}

static void print_help(const struct option *options, const char *usage)
{
    printf("%s\n\nFlags:\n", usage);
    for (const struct option *option = options; option->name; option++) {
        auto_strbuf struct strbuf left = { 0 };
        char variable[OPTION_VARIABLE_SIZE];

        if (option->letter)
            strbuf_addf(&left, "-%c, ", option->letter);
        strbuf_addf(&left, "--%s", option->name);
        if (option->value)
            strbuf_addf(&left, " %s", option->value);
        option_variable(option, variable);
        printf("  %-38s %s [%s]\n", strbuf_text(&left), option->help, variable);
    }
}

static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);

    for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (length && strncmp(at, text, length) == 0 && (at[length] == '|' || !at[length]))
            return true;
    return false;
}

static bool parse_switch(struct option *option, const char *text)
{
    option->on = !text || strcmp(text, "true") == 0;
    return option->on || strcmp(text, "false") == 0;
}

static bool parse_number(struct option *option, const char *text)
{
    size_t length = strlen(text);

    option->number = strtol(text, NULL, 10);
    return length && strspn(text, "0123456789") == length && option->number <= INT_MAX;
}

/* Adds the parts of a comma-separated text; the pieces live as long as the process. */
static bool parse_list(struct option *option, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, ",");

        if (option->list_count == OPTION_MAX_VALUES)
            return false;
        if (length)
            option->list[option->list_count++] = xstrndup(text, length);
        text += length + (text[length] == ',');
    }
    return true;
}

static bool add_value(struct option *option, const char *text)
{
    if (option->list_count == OPTION_MAX_VALUES)
        return false;
    option->list[option->list_count++] = text;
    return true;
}

_Static_assert(OPTION_MAX_VALUES == 128, "the message below says so");

static int set(struct option *option, const char *source, const char *text)
{
    bool good = true;

    option->given = true;
    option->text = text;
    switch (option->type) {
    case OPTION_TEXT:
        break;
    case OPTION_SWITCH:
        good = parse_switch(option, text);
        break;
    case OPTION_CHOICE:
        good = is_choice(option->value, text);
        break;
    case OPTION_NUMBER:
        good = parse_number(option, text);
        break;
    case OPTION_LIST:
        good = parse_list(option, text);
        break;
    case OPTION_REPEAT:
        good = add_value(option, text);
        break;
    }
    if (good)
        return 0;
    fprintf(stderr,
            "kitae: %s: '%s' is not a value for it; write %s\n",
            source,
            text,
            option->type == OPTION_SWITCH                                  ? "true or false"
            : option->type == OPTION_NUMBER                                ? "a whole number"
            : option->type == OPTION_LIST || option->type == OPTION_REPEAT ? "no more than 128 of them in all"
                                                                           : option->value);
    return 2;
}

/* Sets one flag from argv[*at], and moves *at over the value it took. */
static int parse_flag(struct option *options, int argc, char **argv, int *at)
{
    const char *flag = argv[*at], *name = flag + (flag[1] == '-' ? 2 : 1), *equals = strchr(name, '=');
    struct option *option = find(options, name, equals ? (size_t)(equals - name) : strlen(name));

    if (!option) {
        fprintf(stderr, "kitae: unknown flag '%s'; --help lists all\n", flag);
        return 2;
    }
    if (equals)
        return set(option, flag, equals + 1);
    if (option->type == OPTION_SWITCH)
        return set(option, flag, NULL);
    if (*at + 1 == argc) {
        fprintf(stderr, "kitae: %s needs a value\n", flag);
        return 2;
    }
    return set(option, flag, argv[++*at]);
}

static int parse_environment(struct option *options)
{
    for (struct option *option = options; option->name; option++) {
        char name[OPTION_VARIABLE_SIZE];
        const char *value;

        option_variable(option, name);
        value = getenv(name);
        if (!option->given && value && *value && set(option, name, value) != 0)
            return 2;
    }
    return 0;
}

int options_parse(struct option *options, int argc, char **argv, const char *usage)
{
    for (int at = 1; at < argc; at++) {
        int result;

        if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
            print_help(options, usage);
            return 1;
        }
        if (argv[at][0] != '-' || !argv[at][1]) {
            fprintf(stderr, "kitae: '%s' is no flag; --help lists all\n", argv[at]);
            return 2;
        }
        result = parse_flag(options, argc, argv, &at);
        if (result)
            return result;
    }
    return parse_environment(options);
}
