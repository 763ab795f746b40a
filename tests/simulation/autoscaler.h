#pragma once
/* HorizontalPodAutoscalers: they move spec.replicas of Deployments between their bounds, as they like. */

#include "server.h"

/* Something became of an object; called for every change of anything. */
void autoscaler_notice(struct world *world, struct thing *thing);

/* Some autoscaler changes its mind. */
void autoscaler_move(struct world *world);
