#pragma once
/* What came of what: from a version of a Model to the data it was made from, and from a version of a DataSet onwards.
 */

#include <jansson.h>
#include <stdio.h>

/* Arrays of objects of one namespace, as the API server has them. */
struct lineage {
    const json_t *models, *data_sets, *jobs;
};

/*
 * Writes it for a Model ("model") or a DataSet ("dataset") of that name; version: v7, or NULL for all. Returns how many
 * versions it found.
 */
int lineage_write(FILE *out, const struct lineage *all, const char *kind, const char *name, const char *version);
