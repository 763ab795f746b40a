#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "model.h"

static const struct options DEFAULTS = {
    .epochs = 30,
    .hidden = 48,
    .rate = 0.1,
    .seed = 1,
    .join_seconds = 300,
    .timeout_seconds = 20,
    .termination_log = "/dev/termination-log",
};

/* A flag fills the member of struct options at `offset`: a long, a double, or text. */
struct flag {
    const char *name;
    const char *argument;
    const char *help;
    enum { WHOLE, DECIMAL, TEXT } kind;
    size_t offset;
    double minimum, maximum; /* both allowed */
};

#define AT(member) offsetof(struct options, member)

static const struct flag FLAGS[] = {
    { "epochs", "N", "passes over the training digits", WHOLE, AT(epochs), 1, 10000 },
    { "hidden", "N", "units of the hidden layer", WHOLE, AT(hidden), 1, MODEL_HIDDEN_MAX },
    { "rate", "X", "learning rate", DECIMAL, AT(rate), 0, 10 },
    { "seed", "N", "of the first weights and of the order", WHOLE, AT(seed), 0, INT_MAX },
    { "pause-milliseconds", "N", "wait after each epoch", WHOLE, AT(pause_milliseconds), 0, 60000 },
    { "join-seconds", "N", "limit for all ranks to meet", WHOLE, AT(join_seconds), 1, 86400 },
    { "timeout-seconds", "N", "limit for a peer to answer", WHOLE, AT(timeout_seconds), 1, 3600 },
    { "fail-at-epoch", "N", "fail, with exit code 3; 0: never", WHOLE, AT(fail_at_epoch), 0, 10000 },
    { "fail-rank", "N", "which rank does", WHOLE, AT(fail_rank), 0, INT_MAX },
    { "data", "DIR", "digits of its *.csv files; none: those built in", TEXT, AT(data), 0, 0 },
    { "output", "DIR", "gets the model, digits.txt; none: it is not kept", TEXT, AT(output), 0, 0 },
    { "termination-log", "FILE", "gets the last word if it exists", TEXT, AT(termination_log), 0, 0 },
};

enum { FLAG_COUNT = sizeof(FLAGS) / sizeof(FLAGS[0]) };

static void *member_of(struct options *options, const struct flag *flag)
{
    return (char *)options + flag->offset;
}

static int set_flag(struct options *options, const struct flag *flag, const char *text, struct error *err)
{
    double number;
    char *end;

    if (flag->kind == TEXT) {
        *(const char **)member_of(options, flag) = text;
        return 0;
    }
    number = strtod(text, &end);
    if (end == text || *end || !(number >= flag->minimum && number <= flag->maximum))
        return error_set(err,
                         EXIT_USAGE,
                         "--%s takes a number from %g to %g, not \"%s\"",
                         flag->name,
                         flag->minimum,
                         flag->maximum,
                         text);
    if (flag->kind == DECIMAL)
        *(double *)member_of(options, flag) = number;
    else if (number == floor(number))
        *(long *)member_of(options, flag) = (long)number;
    else
        return error_set(err, EXIT_USAGE, "--%s takes a whole number, not \"%s\"", flag->name, text);
    return 0;
}

int options_parse(int argc, char **argv, struct options *ret_options, struct error *err)
{
    struct option table[FLAG_COUNT + 2] = { [FLAG_COUNT] = { "help", no_argument, NULL, FLAG_COUNT } };
    struct options options = DEFAULTS;
    int found;

    for (int i = 0; i < FLAG_COUNT; i++)
        table[i] = (struct option){ FLAGS[i].name, required_argument, NULL, i };
    while ((found = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        if (found == FLAG_COUNT)
            options.help = true;
        else if (found == ':')
            return error_set(err, EXIT_USAGE, "%s lacks its argument", argv[optind - 1]);
        else if (found == '?')
            return error_set(err, EXIT_USAGE, "unknown flag %s (see --help)", argv[optind - 1]);
        else if (set_flag(&options, &FLAGS[found], optarg, err) < 0)
            return -1;
    }
    if (optind < argc)
        return error_set(err, EXIT_USAGE, "unexpected \"%s\" (see --help)", argv[optind]);
    *ret_options = options;
    return 0;
}

void options_help(FILE *stream)
{
    struct options defaults = DEFAULTS;

    fputs("digits: learns to read handwritten digits, alone or as one of several workers\n\n"
          "The workers meet by MASTER_ADDR, MASTER_PORT, WORLD_SIZE and RANK, or by the PET_ variables.\n\n",
          stream);
    for (const struct flag *flag = FLAGS; flag < FLAGS + FLAG_COUNT; flag++) {
        const void *value = member_of(&defaults, flag);
        char name[40];

        snprintf(name, sizeof(name), "--%s %s", flag->name, flag->argument);
        fprintf(stream, "  %-24s %s ", name, flag->help);
        if (flag->kind == WHOLE)
            fprintf(stream, "(%ld)\n", *(const long *)value);
        else if (flag->kind == DECIMAL)
            fprintf(stream, "(%g)\n", *(const double *)value);
        else
            fprintf(stream, "(%s)\n", *(const char *const *)value ? *(const char *const *)value : "none");
    }
    fputs("\nExit codes: 0 trained, 1 cannot go on, 2 wrong flag or environment, 3 asked to fail,\n"
          "4 another rank failed, 128 + n stopped by signal n.\n",
          stream);
}
