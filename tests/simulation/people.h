#pragma once
/* People: they make jobs, change their minds, and do to jobs and children what people do. All through the API. */

struct world;

#define ANNOTATION_REFUSED "simulation/refused" /* on a template: the server refuses its pods as invalid */
#define FINALIZER_HELD     "people.example/hold"

void people_begin(struct world *world);
void people_meddle(struct world *world);
void people_let_go(struct world *world); /* the calm: no finalizer of theirs holds anything any more */
