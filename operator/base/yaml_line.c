#include <stdio.h>
#include <string.h>

#include "yaml.h"
#include "yaml_place.h"

/* How many characters of path the child takes at its start, 0 when it is another. `index` is the child's own. */
static size_t matches(const struct yaml_place *child, size_t index, const char *path)
{
    char item[32];
    const char *key = child->key ? child->key : item;
    size_t length;

    snprintf(item, sizeof(item), "[%zu]", index);
    path += child->key && *path == '.';
    length = strlen(key);
    if (!length || strncmp(path, key, length) != 0 || (path[length] && !strchr(".[", path[length])))
        return 0;
    return length;
}

unsigned yaml_line(const struct yaml_document *document, const char *path)
{
    const struct yaml_place *place = document->place, *found;

    for (size_t taken; place; place = found, path += taken) {
        size_t index = 0, length;

        found = NULL;
        taken = 0;
        for (const struct yaml_place *child = place->first; child; child = child->next) {
            length = matches(child, index++, path);
            if (length > taken) {
                taken = length;
                found = child;
            }
        }
        if (!found)
            return place->line ? place->line : 1;
        taken += found->key && *path == '.';
    }
    return 0;
}
