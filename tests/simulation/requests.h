#pragma once
/* How people speak to the API server. */

#include "../../operator/http/request.h"
#include "server.h"

/* A request of a person's; returns the status of the answer. The body is taken. */
int person_asks(
    struct world *world, enum http_method method, const char *type, json_t *take_body, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A merge patch of any object. */
void person_patches(struct world *world, const struct thing *thing, json_t *take_body);

/* grace: gracePeriodSeconds, taken; NULL: as the object says. */
void person_deletes(struct world *world, const struct thing *thing, const char *policy, json_t *take_grace);
