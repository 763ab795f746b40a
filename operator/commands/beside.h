#pragma once
/* Resources that are applied together, for a plan of one of them: they may name each other, in any order. */

#include <jansson.h>

/* `beside` is a JSON object, empty at first. The resource, which has a kind, a name and a namespace, becomes its own.
 */
void beside_put(json_t *beside, json_t *take_resource);

/* Appends what the first of the objects names, where there is none of that kind and name among them yet. */
void beside_add(const json_t *beside, json_t *objects);
