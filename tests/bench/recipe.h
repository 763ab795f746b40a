#pragma once
/*
 * Everything that is sent for one job, made by the operator's own plan and rendering (engine/dry_run), once, and then
 * filled in for each job by replacing stand-ins of the same length: a client that thinks as little as one can.
 */

#include <stdbool.h>

#include "../../operator/base/digest.h"
#include "../../operator/base/error.h"
#include "../../operator/base/strbuf.h"

struct recipe_options {
    const char *manifest; /* a file with one TrainingJob, whose pods are everybody's */
    const char *form;     /* a file with that job in another form, see jobs/; NULL: what the manifest says */
    const char *namespace;
    const char *prefix;      /* jobs are named "prefix-00000" and on */
    const char *run_seconds; /* pods end after that time; NULL: they run on */
    int replicas;
    bool finished; /* the status is that of a job which has succeeded */
};

/* Texts with stand-ins. */
struct recipe {
    char *name; /* the stand-in */
    int replicas;
    char *collection; /* where jobs are posted: a path */
    char *job;
    char *status;        /* the value of "status" alone */
    char *service;       /* with service_hash in it; of a form: what its user makes beside the job, or NULL */
    char *service_input; /* what its hash is of */
    char service_hash[DIGEST_SHORT];
    char **pods;
};

int recipe_make(const struct recipe_options *options, struct recipe *ret, struct error *err) must_check;
void recipe_finish(struct recipe *recipe);

enum { RECIPE_NAME = 64, RECIPE_UID = 37 };

void recipe_name(const struct recipe *recipe, unsigned job, char ret[RECIPE_NAME]);

/* A text of the recipe for a job, for the caller to free; uid NULL: there is none yet. */
char *recipe_fill(const struct recipe *recipe, const char *text, unsigned job, const char *uid);
char *recipe_fill_service(const struct recipe *recipe, unsigned job, const char *uid);
