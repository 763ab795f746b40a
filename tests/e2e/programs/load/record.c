#include "record.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAMES_MAX = 40, NAME_SIZE = 80 };

struct tally {
    char name[NAME_SIZE];
    long count;
};

static FILE *log_file;
static long made[2], failed[2], connections[2]; /* fresh, kept */
static int64_t slowest_us;
static struct tally answers[NAMES_MAX], failures[NAMES_MAX];

int record_open(const char *path)
{
    log_file = fopen(path, "w");
    if (!log_file)
        return -1;
    setvbuf(log_file, NULL, _IOLBF, 0); /* others look at it while it grows */
    return 0;
}

void record_connection(bool is_kept)
{
    connections[is_kept]++;
}

/* The last place is for all names that found none. */
static void count_name(struct tally *tallies, const char *name)
{
    int i = 0;

    while (i < NAMES_MAX - 1 && tallies[i].count > 0 && strcmp(tallies[i].name, name) != 0)
        i++;
    snprintf(tallies[i].name, NAME_SIZE, "%s", i == NAMES_MAX - 1 ? "(others)" : name);
    tallies[i].count++;
}

static void write_line(bool is_kept, bool is_ok, int status, int64_t took_us, const char *text)
{
    struct timespec now;
    int64_t due;
    time_t seconds;
    char when[32];

    clock_gettime(CLOCK_REALTIME, &now);
    due = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - took_us;
    seconds = (time_t)(due / 1000000);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", gmtime(&seconds));
    fprintf(log_file,
            "%s.%06dZ %s %s %d %.3f ms %s\n",
            when,
            (int)(due % 1000000),
            is_kept ? "kept" : "fresh",
            is_ok ? "ok" : "FAILED",
            status,
            (double)took_us / 1000,
            text);
}

void record_request(bool is_kept, bool is_ok, int status, int64_t took_us, const char *text)
{
    write_line(is_kept, is_ok, status, took_us, text);
    made[is_kept]++;
    failed[is_kept] += !is_ok;
    slowest_us = took_us > slowest_us ? took_us : slowest_us;
    count_name(is_ok ? answers : failures, text);
}

static void print_tallies(const char *what, const struct tally *tallies)
{
    for (int i = 0; i < NAMES_MAX; i++)
        if (tallies[i].count > 0)
            printf("%s %s: %ld\n", what, tallies[i].name, tallies[i].count);
}

int record_print(void)
{
    long all = made[0] + made[1], bad = failed[0] + failed[1];

    printf("requests %ld failed %ld\n", all, bad);
    printf("fresh %ld failed %ld\n", made[0], failed[0]);
    printf("kept %ld failed %ld, on %ld connections\n", made[1], failed[1], connections[1]);
    printf("slowest %.1f ms\n", (double)slowest_us / 1000);
    print_tallies("answer", answers);
    print_tallies("failure", failures);
    if (fclose(log_file) != 0) {
        fprintf(stderr, "load: the log is not whole\n");
        return 2;
    }
    return all > 0 && bad == 0 ? 0 : 1;
}
