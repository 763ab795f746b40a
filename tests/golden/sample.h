#pragma once
/* What golden.c and header.c know of each other: a case. */

#include "../../operator/engine/dry_run.h"

enum { MAX_FAILURES = 8, MAX_REPORTS = 4, MAX_ANSWERS = 16 };

/* A case, read and completed. */
struct sample {
    const char *folder;
    json_t *header;  /* ours */
    json_t *objects; /* ours: the custom resource first */
    struct failure failures[MAX_FAILURES];
    struct report reports[MAX_REPORTS];
    struct reporting reporting;
    struct answer answers[MAX_ANSWERS];
    struct dry_run_input input;
};

/* Fills `input` and what it borrows, from the header and with what it leaves out. */
int sample_read_header(struct sample *sample, struct error *err) must_check;

/* -- serving.c ------------------------------------------------------------------------------------------------------
 */

/* Puts whole objects in place of what a case of a ServingEndpoint says in a line. */
void serving_expand(struct sample *sample);

/* Puts the name of the revision that the spec asks for in place of REVISION. The objects have their metadata by then.
 */
int serving_name(struct sample *sample, struct error *err) must_check;

/* What Kitae would make, or change, now: the Deployments that are there are not among it. The caller owns it. */
json_t *serving_made(const struct sample *sample);

/* All of the first rule but the backends that the case names. */
void serving_complete_route(json_t *route, const json_t *made);
