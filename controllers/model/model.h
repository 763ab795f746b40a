#pragma once
/*
 * Model: versions of what training made, in S3, each with who made it and from what. Jobs publish them, an import
 * copies what was made elsewhere; the Model only writes down what there is, and removes what no rule keeps.
 */

#include "../../operator/model/controller.h"
#include "../agent/versioned.h"
#include "model_fields.h"

extern const struct controller model_controller;

/* One Model in one pass. */
struct model {
    struct versioned kept;
    const struct observed *in;
    const struct model_spec *spec;
    const struct model_status *status;
};

/* import.c */
void end_import(struct model *model);
void begin_import(struct model *model, struct plan *out);
void want_import(const struct model *model, struct plan *out);
json_t *model_removal_body(const struct observed *in, const struct identity *identity);
