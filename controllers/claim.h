#pragma once
/* Claims of volumes, as the specs of several kinds ask for them. */

#include <jansson.h>

#include "../operator/base/slice.h"

/*
 * The spec of a PersistentVolumeClaim: size is a quantity as JSON text, which the schema has checked; no access modes:
 * ReadWriteMany; class NULL: the cluster's. The caller owns it.
 */
json_t *claim_spec(struct slice size, const char *class, const char *const *access_modes, size_t access_mode_count);
