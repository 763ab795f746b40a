#pragma once
/* The part of reports that sets them up. */

#include "state.h"

void reports_look(struct engine *engine); /* at the Secret; makes or renews what is in it, and goes on to reports_try */
void reports_try(struct engine *engine);  /* whether tokens may be reviewed: reports are on when they may */

/* Asks the server whose token it is. */
void reports_review(struct engine *engine, const char *token, response_handler *handler, void *context);
