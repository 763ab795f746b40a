#pragma once
/* People and their ServingEndpoints: they make them, edit them at the worst moments, approve and reject. */

#include "server.h"

void serving_people_begin(struct world *world);

/* One thing that somebody does to some endpoint, or to what it is made of. */
void serving_people_meddle(struct world *world);

/* The calm begins: some have a last wish, and nobody is in the way of it. */
void serving_people_let_go(struct world *world);
