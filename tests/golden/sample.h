#pragma once
/* What golden.c and header.c know of each other: a case. */

#include "../../operator/engine/dry_run.h"

enum { MAX_FAILURES = 8, MAX_REPORTS = 4, MAX_ANSWERS = 16 };

/* A case, read and completed. */
struct sample {
    const char *folder;
    json_t *header;  /* borrowed from the array below, or an empty object of ours */
    json_t *objects; /* ours: the custom resource first */
    struct failure failures[MAX_FAILURES];
    struct report reports[MAX_REPORTS];
    struct reporting reporting;
    struct answer answers[MAX_ANSWERS];
    struct dry_run_input input;
};

/* Fills `input` and what it borrows, from the header and with what it leaves out. */
int sample_read_header(struct sample *sample, struct error *err) must_check;
