#pragma once
/* What is in a cluster already, for a plan of what a manifest would change there. */

#include "../model/object.h"
#include "session.h"

/* An object as it would be when the manifest is applied, and what its plan looks at. */
struct live {
    json_t *objects; /* an array, the custom resource first; as dry_run takes it */
    bool is_new;     /* the cluster does not have the custom resource yet */
    bool absent[KIND_COUNT];
};

/*
 * Reads what belongs to the resource, which has passed its schema and has a namespace: its children and grandchildren
 * by label, and all objects of the kinds that it may name. The resource is borrowed; what it becomes has its spec, and
 * the cluster's metadata and status.
 */
int live_read(struct session *session, const json_t *resource, struct live *ret, struct error *err) must_check;
void live_finish(struct live *live);
