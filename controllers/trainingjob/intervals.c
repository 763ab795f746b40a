#include <stdlib.h>
#include <string.h>

#include "../../operator/base/strbuf.h"
#include "job.h"

/* Reads "n" or "n-m" at *text and marks it; false when there is none. */
static bool parse_one(const char **text, struct place *places, int count)
{
    char *end;
    long from = strtol(*text, &end, 10), to = from;

    if (end == *text)
        return false;
    if (*end == '-')
        to = strtol(end + 1, &end, 10);
    for (long i = from < 0 ? 0 : from; i <= to && i < count; i++)
        places[i].recorded = true;
    *text = end;
    return true;
}

void intervals_parse(const char *text, struct place *places, int count)
{
    while (parse_one(&text, places, count) && *text == ',')
        text++;
}

const char *intervals_format(const struct role *role, struct arena *arena)
{
    auto_strbuf struct strbuf text = { 0 };

    for (int i = 0; i < role->replicas; i++) {
        int first = i;

        if (!place_has_succeeded(&role->places[i]))
            continue;
        while (i + 1 < role->replicas && place_has_succeeded(&role->places[i + 1]))
            i++;
        strbuf_addf(&text, first == i ? "%s%d" : "%s%d-%d", text.length ? "," : "", first, i);
    }
    return arena_strdup(arena, strbuf_text(&text));
}
