#pragma once
/* What the environment asks of the server. Text is borrowed from it. */

#include <stdio.h>

#include "error.h"

struct settings {
    const char *model_folder;
    const char *model;    /* name of the model in answers; NULL: the checksum of its weights */
    const char *revision; /* never NULL, and so is the pod: "none" */
    const char *pod;
    long port;
    long request_seconds; /* for a request to come whole, and for an answer to be taken */
    long idle_seconds;    /* that a connection is kept without a request */
    long drain_seconds;   /* from SIGTERM on, that everything goes on */
    /* to try things with */
    long start_delay_seconds;
    long fault_delay_milliseconds;
    long fault_rate_percent;
};

int settings_read(struct settings *ret_settings, struct error *err);

/* Writes the manual: every variable with its default. */
void settings_help(FILE *stream);
