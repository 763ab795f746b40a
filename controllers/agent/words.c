#include "words.h"

#include <inttypes.h>

const char *bytes_text(struct arena *arena, int64_t bytes)
{
    static const char *const units[] = { "Ki", "Mi", "Gi", "Ti", "Pi" };
    int64_t tenths = bytes * 10;
    int unit = -1;

    if (bytes < 1024)
        return arena_printf(arena, "%" PRId64, bytes);
    while (unit < 4 && tenths >= 10240) {
        tenths = (tenths + 512) / 1024;
        unit++;
    }
    if (tenths >= 100)
        return arena_printf(arena, "%" PRId64 "%s", (tenths + 5) / 10, units[unit]);
    return arena_printf(arena, "%" PRId64 ".%d%s", tenths / 10, (int)(tenths % 10), units[unit]);
}

const char *count_text(struct arena *arena, int64_t count, const char *singular)
{
    return arena_printf(arena, "%" PRId64 " %s%s", count, singular, count == 1 ? "" : "s");
}
