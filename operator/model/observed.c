#include "observed.h"

#include <string.h>

const struct object *objects_find(struct objects objects, enum kind kind, const char *name)
{
    for (size_t i = 0; i < objects.count; i++)
        if (objects.items[i]->kind == kind && strcmp(objects.items[i]->name, name) == 0)
            return objects.items[i];
    return NULL;
}

const struct answer *answer_find(const struct observed *in, const char *key)
{
    for (size_t i = 0; i < in->answer_count; i++)
        if (strcmp(in->answers[i].key, key) == 0)
            return &in->answers[i];
    return NULL;
}
