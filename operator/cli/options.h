#pragma once
/*
 * Command line flags from a table: --name value, --name=value, and for those with a variable KITAE_NAME from the
 * environment. A flag wins over its variable. The help text is made from the same table.
 */

#include <stdbool.h>
#include <stddef.h>

enum option_type { OPTION_TEXT, OPTION_LIST, OPTION_REPEAT, OPTION_SWITCH, OPTION_CHOICE, OPTION_NUMBER };

enum { OPTION_MAX_VALUES = 128 };

struct option {
    const char *name; /* without dashes */
    char letter;      /* 0: none */
    enum option_type type;
    const char *value; /* what the help calls it, or the choices "a|b|c" */
    const char *help;  /* one sentence, the default in it */

    /* filled by options_parse; texts are borrowed from argv and the environment */
    bool given;
    bool on;                                 /* SWITCH: --name, --name=true or =false */
    const char *text;                        /* as it was written last; NULL: not given, or a bare SWITCH */
    const char *list[OPTION_MAX_VALUES + 1]; /* LIST: NULL-terminated; commas separate too. REPEAT: not */
    size_t list_count;
    long number; /* NUMBER */
};

/*
 * Fills the options (ended by one without a name) from argv[1..] and the environment. Prints problems to stderr and
 * returns 2 for them; prints help to stdout and returns 1 when --help is there; else 0. `usage` is the help's head.
 */
int options_parse(struct option *options, int argc, char **argv, const char *usage);

/* The variable that stands for it: KITAE_NAME. Longer names than fit are a bug. */
enum { OPTION_VARIABLE_SIZE = 64 };
void option_variable(const struct option *option, char *out);

/* The one with this name; a name that is not in the table is a bug. */
struct option *option_named(struct option *options, const char *name);
