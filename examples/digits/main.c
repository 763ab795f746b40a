/* digits: one worker of a data-parallel training, or a server of what was learned. README.md says what it is for. */

#include <stdio.h>
#include <string.h>

#include "data.h"
#include "join.h"
#include "last_word.h"
#include "options.h"
#include "place.h"
#include "serve.h"
#include "train.h"
#include "wait.h"

/*
 * Who ends because of another rank stays a moment longer: Kubernetes tells the first failure, which is the cause, from
 * the others by times of whole seconds.
 */
enum { LINGER_MILLISECONDS = 2500 };

/* Says why this process ends and waits where that helps; returns its exit code. */
static int fail(const struct options *options, int rank, const struct error *why)
{
    char word[sizeof(why->message) + 32];
    struct error ignored;

    snprintf(word, sizeof(word), "rank %d: %s", rank, why->message);
    fprintf(stderr, "digits: %s\n", word);
    last_word(options->termination_log, word);
    if (why->exit_code == EXIT_PEER)
        wait_until(wait_now() + LINGER_MILLISECONDS, &ignored);
    return why->exit_code;
}

static int succeed(const struct options *options, int rank, double accuracy)
{
    char word[80];

    snprintf(word, sizeof(word), "accuracy %.1f %% on %u held-out digits", 100 * accuracy, data_held_out_count());
    if (rank == 0)
        puts(word);
    last_word(options->termination_log, word);
    return 0;
}

static int work(const struct options *options, const struct place *place)
{
    int64_t timeout = options->timeout_seconds * 1000 + options->pause_milliseconds;
    struct group group;
    struct error err;
    double accuracy;
    int result;

    result = join(&group, place, train_settings(options), options->join_seconds * 1000, timeout, &err);
    if (result == 0)
        result = train(options, &group, &accuracy, &err);
    if (result < 0)
        group_tell(&group, &err);
    result = result < 0 ? fail(options, place->rank, &err) : succeed(options, place->rank, accuracy);
    group_finish(&group);
    return result;
}

int main(int argc, char **argv)
{
    struct options options = { 0 };
    struct place place;
    struct error err;

    wait_init();
    setvbuf(stdout, NULL, _IOLBF, 0); /* progress is for reading while it happens, also through a pipe */
    if (argc > 1 && strcmp(argv[1], "serve") == 0)
        return serve(argc - 1, argv + 1);
    if (options_parse(argc, argv, &options, &err) < 0) {
        fprintf(stderr, "digits: %s\n", err.message);
        return err.exit_code;
    }
    if (options.help) {
        options_help(stdout);
        return 0;
    }
    if ((options.data && data_read(options.data, &err) < 0) || place_from_environment(&place, &err) < 0)
        return fail(&options, 0, &err);
    return work(&options, &place);
}
