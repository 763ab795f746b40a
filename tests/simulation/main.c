/*
 * simulation --histories N [--first SEED]     N histories; the first that breaks an invariant ends the run
 * simulation --seed SEED [--trace]            one history, exactly as it was
 * simulation --invariants                     what must hold
 *
 * --serving runs only histories with ServingEndpoints. --keep-going counts what breaks instead; --catch NAME succeeds
 * when that invariant, and only that one's history, is the one that breaks (for mutants).
 */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../operator/base/memory.h"
#include "../../operator/engine/log.h"
#include "history.h"
#include "invariants.h"

enum { BAR_WRITES = 50, BAR_CRASHES = 1, REPORT_SECONDS = 10 };

struct options {
    uint64_t first, histories;
    bool single, trace, list, keep_going, serving;
    const char *catch;
};

static uint64_t current_seed;

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A crash of the product itself must name its seed too. */
static void on_abort(int signal_number)
{
    char text[96];
    int length = snprintf(text, sizeof(text), "died of signal %d in seed %" PRIu64 "\n", signal_number, current_seed);

    if (write(STDERR_FILENO, text, (size_t)length) < 0)
        _exit(3);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void add(struct counters *sum, const struct counters *one)
{
    sum->writes += one->writes;
    sum->crashes += one->crashes;
    sum->jobs += one->jobs;
    sum->pods += one->pods;
    sum->faults += one->faults;
    sum->meddlings += one->meddlings;
    sum->freezes += one->freezes;
    sum->promotions += one->promotions;
    sum->rollbacks += one->rollbacks;
}

/* The same history again, this time with its trace. */
static void tell(uint64_t seed, const struct violation *violation)
{
    struct world *world = xcalloc(1, sizeof(*world));

    fprintf(stderr, "seed %" PRIu64 ": %s: %s\n", seed, violation->invariant, violation->what);
    history_run(world, seed, true, false);
    if (!world->violation.invariant || strcmp(world->violation.what, violation->what) != 0)
        fprintf(stderr, "  and again it went otherwise: the simulation is not deterministic\n");
    history_print_trace(world);
    fprintf(stderr, "  replay: build/simulation --seed %" PRIu64 " --trace\n", seed);
    history_finish(world);
    free(world);
}

static void print_progress(uint64_t done, const struct options *options, const struct counters *sum, double took)
{
    printf("simulation: %" PRIu64 " of %" PRIu64 " histories, %" PRIu64 " writes, %" PRIu64
           " crashes, %.0f histories/s\n",
           done,
           options->histories,
           sum->writes,
           sum->crashes,
           (double)done / took);
    fflush(stdout);
}

static int print_summary(uint64_t done, const struct counters *sum, double took)
{
    double writes = (double)sum->writes / (double)done, crashes = (double)sum->crashes / (double)done;
    bool fair = writes >= BAR_WRITES && crashes >= BAR_CRASHES;

    printf("simulation: %" PRIu64
           " histories in %.1f s (%.0f/s); in each, on average: %.1f jobs, %.1f pods, %.1f writes, "
           "%.1f crashes, %.1f faults, %.1f deeds of people, %.1f freezes, %.1f revisions promoted, %.1f taken back\n",
           done,
           took,
           (double)done / took,
           (double)sum->jobs / (double)done,
           (double)sum->pods / (double)done,
           writes,
           crashes,
           (double)sum->faults / (double)done,
           (double)sum->meddlings / (double)done,
           (double)sum->freezes / (double)done,
           (double)sum->promotions / (double)done,
           (double)sum->rollbacks / (double)done);
    if (!fair)
        printf(
            "simulation: too tame: at least %d writes and %d crash are wanted in a history\n", BAR_WRITES, BAR_CRASHES);
    return fair ? 0 : 1;
}

/* Counts of broken invariants, with --keep-going. */
static uint64_t broken[64], first_broken[64];

static void count_broken(const struct world *world)
{
    const struct violation *violation = &world->violation;

    for (size_t i = 0; invariants[i].name; i++)
        if (strcmp(invariants[i].name, violation->invariant) == 0 && !broken[i]++)
            first_broken[i] = world->seed;
    printf("seed %" PRIu64 ": %s: %s\n", world->seed, violation->invariant, violation->what);
    fflush(stdout);
}

static void print_broken(void)
{
    for (size_t i = 0; invariants[i].name; i++)
        if (broken[i])
            printf("broken: %-28s %" PRIu64 " times, first by seed %" PRIu64 "\n",
                   invariants[i].name,
                   broken[i],
                   first_broken[i]);
}

/* What a broken invariant means for the run: -1 go on, else the exit status. */
static int judge(const struct options *options, const struct world *world)
{
    if (options->catch && strcmp(options->catch, world->violation.invariant) == 0) {
        printf("caught: seed %" PRIu64 ": %s: %s\n", world->seed, world->violation.invariant, world->violation.what);
        return 0;
    }
    if (options->catch)
        return -1; /* caught by another one; what we want to know is whether this one can */
    if (options->keep_going) {
        count_broken(world);
        return -1;
    }
    tell(world->seed, &world->violation);
    return 1;
}

static int run_all(const struct options *options)
{
    struct world *world = xcalloc(1, sizeof(*world));
    struct counters sum = { 0 };
    double began = seconds(), reported = began;
    uint64_t done = 0, seed = options->first;
    int verdict = -1;

    while (done < options->histories && verdict < 0) {
        current_seed = seed++;
        if (options->serving && !history_serves(current_seed))
            continue;
        history_run(world, current_seed, false, false);
        add(&sum, &world->counters);
        done++;
        if (world->violation.invariant)
            verdict = judge(options, world);
        history_finish(world);
        if (seconds() - reported >= REPORT_SECONDS) {
            reported = seconds();
            print_progress(done, options, &sum, reported - began);
        }
    }
    free(world);
    print_broken();
    if (options->catch)
        return verdict < 0;
    return verdict < 0 ? print_summary(done, &sum, seconds() - began) : verdict;
}

static int run_one(const struct options *options)
{
    struct world *world = xcalloc(1, sizeof(*world));
    int status;

    current_seed = options->first;
    if (options->trace)
        log_setup(LOG_DEBUG, LOG_LOGFMT);
    history_run(world, options->first, !options->trace, options->trace);
    status = world->violation.invariant != NULL;
    if (status)
        printf("seed %" PRIu64 ": %s: %s\n", options->first, world->violation.invariant, world->violation.what);
    else
        printf("seed %" PRIu64 ": all invariants hold; %" PRIu64 " writes, %" PRIu64 " crashes\n",
               options->first,
               world->counters.writes,
               world->counters.crashes);
    if (!options->trace)
        history_print_trace(world);
    history_finish(world);
    free(world);
    return status;
}

static void print_invariants(void)
{
    for (const struct invariant *at = invariants; at->name; at++)
        printf("%-28s %s\n", at->name, at->statement);
}

static int usage(void)
{
    fprintf(stderr,
            "usage: simulation [--histories N] [--first SEED] [--serving] [--keep-going] [--catch INVARIANT]\n"
            "       simulation --seed SEED [--trace]\n"
            "       simulation --invariants\n");
    return 2;
}

static bool parse(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--trace") == 0) {
            options->trace = true;
        } else if (strcmp(argv[i], "--invariants") == 0) {
            options->list = true;
        } else if (strcmp(argv[i], "--serving") == 0) {
            options->serving = true;
        } else if (strcmp(argv[i], "--keep-going") == 0) {
            options->keep_going = true;
        } else if (value && strcmp(argv[i], "--histories") == 0) {
            options->histories = strtoull(argv[++i], NULL, 10);
        } else if (value && strcmp(argv[i], "--first") == 0) {
            options->first = strtoull(argv[++i], NULL, 10);
        } else if (value && strcmp(argv[i], "--catch") == 0) {
            options->catch = argv[++i];
        } else if (value && strcmp(argv[i], "--seed") == 0) {
            options->single = true;
            options->first = strtoull(argv[++i], NULL, 10);
        } else {
            return false;
        }
    }
    return options->histories > 0;
}

int main(int argc, char **argv)
{
    struct options options = { .first = 1, .histories = 1000 };

    if (!parse(argc, argv, &options))
        return usage();
    json_object_seed(1); /* the order of members must not depend on the process */
    log_setup(LOG_OFF, LOG_LOGFMT);
    signal(SIGABRT, on_abort);
#ifndef __SANITIZE_ADDRESS__
    signal(SIGSEGV, on_abort);
#endif
    if (options.list) {
        print_invariants();
        return 0;
    }
    return options.single ? run_one(&options) : run_all(&options);
}
