#pragma once
/* What the command line says. Text is borrowed from argv. */

#include <stdbool.h>
#include <stdio.h>

#include "error.h"

struct options {
    long epochs;
    long hidden; /* units, 1 to MODEL_HIDDEN_MAX */
    double rate; /* of learning */
    long seed;
    long pause_milliseconds; /* after each epoch */
    long join_seconds;       /* for all ranks to meet, once */
    long timeout_seconds;    /* for a peer to answer, at each step */
    long fail_at_epoch;      /* counted from 1; 0: never */
    long fail_rank;
    const char *data;   /* a folder of digits; NULL: those compiled in */
    const char *output; /* a folder that gets the model; NULL: it is not kept */
    const char *termination_log;
    bool help; /* wanted, and nothing else */
};

int options_parse(int argc, char **argv, struct options *ret_options, struct error *err);

/* Writes the manual: every flag with its default. */
void options_help(FILE *stream);
