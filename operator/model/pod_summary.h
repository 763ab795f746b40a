#pragma once
/* What decisions need to know of a pod, from its spec and status. */

#include "object.h"
#include "object_fields.h"

/*
 * Fills *ret; its strings are in the arena or NULL. With `with_start` also how it came up. ERROR_INVALID names the
 * field.
 */
int pod_summarise(const struct wire_object *wire,
                  bool with_start,
                  struct arena *arena,
                  struct pod *ret,
                  struct error *err) must_check;
