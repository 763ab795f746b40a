#include "observed.h"

#include <string.h>

const struct object *objects_find(struct objects objects, enum kind kind, const char *name)
{
    for (size_t i = 0; i < objects.count; i++)
        if (objects.items[i]->kind == kind && strcmp(objects.items[i]->name, name) == 0)
            return objects.items[i];
    return NULL;
}
