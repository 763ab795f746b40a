#pragma once
/* ServingEndpoint: a server behind a stable address, changed by revisions that are rolled out and taken back. */

#include "../../operator/model/controller.h"
#include "servingendpoint_fields.h"

extern const struct controller servingendpoint_controller;

/* The at-th digest of in's Model that the endpoint's revisions still serve; NULL: no more, or it is no endpoint. */
const char *servingendpoint_pins(const struct observed *in, const struct object *endpoint, size_t at);
