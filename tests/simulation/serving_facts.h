#pragma once
/* What the invariants ask about ServingEndpoints, read from the objects as the server has them. */

#include <jansson.h>

#include "server.h"

/* The endpoint that owns a child, when it is there and stays; NULL: none. */
struct thing *endpoint_of(const struct world *world, const struct thing *child);

/* The status is about the spec as it is, so that what is done follows from it. */
bool endpoint_is_observed(const struct thing *endpoint);

int endpoint_replicas(const struct thing *endpoint); /* the fewest pods that its spec wants */

/* The fewest that it wanted since the operator decided upon the last share. */
int endpoint_fewest_replicas(const struct world *world, const struct thing *endpoint);
bool endpoint_scales(const struct thing *endpoint); /* an autoscaler does */
const json_t *endpoint_rollout(const struct thing *endpoint);

/* The shortest scaleDownDelaySeconds that the endpoint ever had: when a revision goes is decided when it begins to. */
int64_t endpoint_delay_ms(const struct world *world, const struct thing *endpoint);

const char *status_stable(const json_t *endpoint);    /* the name of the revision; "": none */
const char *status_candidate(const json_t *endpoint); /* likewise */
const char *status_reason(const json_t *endpoint, const char *condition);
const json_t *status_rejection(const json_t *endpoint, const char *revision); /* NULL: it was not rejected */

/* The old pods go before the new ones come: there is no time at which nothing is lost. */
bool endpoint_recreates(const struct thing *endpoint);

struct workload *revision_workload(const struct world *world, const struct thing *endpoint, const char *revision);

/*
 * What the operator may look back on: it decided when it wrote the last share or stable revision into the status, and
 * knew then what had been a while before, for watches lag or are mute, and a process may have been frozen.
 */

/* Another revision than this one had ready pods all the while. */
bool another_is_ready(const struct world *world, const struct thing *endpoint, const char *revision);

/* It was there, and is gone: a person deletes what they like, and nobody can know that at the same moment. */
bool was_there(const struct world *world, enum resource resource, const char *namespace, const char *name);

/* The revision had so many available pods at some time; or its Deployment is gone. */
bool revision_had(const struct world *world, const struct thing *endpoint, const char *revision, int pods);

/* The revision that the Service of the endpoint's name selects; "": none. */
const char *selected_revision(const json_t *service);
