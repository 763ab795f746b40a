#pragma once
/*
 * Volumes of DataSets and stores of Models: which versions really lie there. And the agent's Jobs, which bring and
 * remove them: a Job controller that makes a pod for each, and pods that do what their command line says.
 */

#include "server.h"

struct shelf;
struct errand;

/* Every new object passes here; Jobs of the agent begin. */
void stores_added(struct world *world, struct thing *thing);

/* What a pod of a TrainingJob reads has to be there when it starts, and for as long as it runs. */
void stores_pod_starts(struct world *world, const struct thing *pod);

/* A pod of a Deployment fetches the version that it serves: false when that is not there any more. */
bool stores_replica_fetches(struct world *world, const struct thing *pod);

/* Whether a pod template fetches this version of the Model. */
bool stores_serves(const json_t *template, const char *model, const char *digest);

/* The operator has changed the status of a DataSet or a Model. */
void stores_on_status(struct world *world, const struct thing *owner);

/* At the end: what is listed is there, and nobody waits for what could be. */
void stores_at_end(struct world *world);

void stores_finish(struct world *world);
