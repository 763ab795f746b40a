#include "transfer.h"

#include <string.h>

#include "../../operator/base/fields.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "words.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

#define NUMBER(member, key)                                                                                            \
    {                                                                                                                  \
        key, FIELD_INT, offsetof(struct transfer, member)                                                              \
    }

static const struct field report_fields[] = {
    NUMBER(objects, "objects"),
    NUMBER(bytes, "bytes"),
    NUMBER(total_objects, "totalObjects"),
    NUMBER(total_bytes, "totalBytes"),
    NUMBER(bytes_per_second, "bytesPerSecond"),
};
static const struct fields report_type = {
    report_fields, ARRAY_SIZE(report_fields), sizeof(struct transfer), .open = true
};

static bool is_sane(const struct transfer *said)
{
    const int64_t most = 9007199254740991; /* as the CRD allows */

    return said->objects >= 0 && said->objects <= most && said->bytes >= 0 && said->bytes <= most &&
           said->total_objects >= 0 && said->total_objects <= most && said->total_bytes >= 0 &&
           said->total_bytes <= most && said->bytes_per_second >= 0 && said->bytes_per_second <= most;
}

struct transfer transfer_observe(const struct observed *in, const struct run *run, struct transfer before)
{
    if (run->state != RUN_ACTIVE)
        return (struct transfer){ 0 };
    for (size_t i = 0; i < in->report_count; i++) {
        const struct transfer *said;
        struct transfer transfer;

        if (!run->pod || strcmp(in->reports[i].pod, run->pod->name) != 0)
            continue;
        said = object_part(&report_type, in->reports[i].text, in->arena);
        if (!said || !is_sane(said))
            break;
        transfer = *said;
        transfer.known = true;
        return transfer;
    }
    return before;
}

/* Seconds that are left at this pace; -1: nobody knows. */
static int64_t left(const struct transfer *transfer)
{
    int64_t bytes = transfer->total_bytes - transfer->bytes;

    if (!transfer->total_bytes || !transfer->bytes_per_second || bytes < 0)
        return -1;
    return (bytes + transfer->bytes_per_second - 1) / transfer->bytes_per_second;
}

static const char *time_text(int64_t seconds, struct arena *arena)
{
    if (seconds < MINUTE)
        return "less than a minute";
    if (seconds < HOUR)
        return arena_printf(arena, "about %s", count_text(arena, seconds / MINUTE, "minute"));
    if (seconds < 2 * DAY)
        return arena_printf(arena, "about %s", count_text(arena, seconds / HOUR, "hour"));
    return arena_printf(arena, "about %s", count_text(arena, seconds / DAY, "day"));
}

const char *transfer_text(const struct transfer *transfer, struct arena *arena)
{
    const char *objects = count_text(arena, transfer->objects, "object"), *bytes = bytes_text(arena, transfer->bytes);
    int64_t seconds = left(transfer);

    if (transfer->total_objects)
        objects = arena_printf(
            arena, "%lld of %s", (long long)transfer->objects, count_text(arena, transfer->total_objects, "object"));
    if (transfer->total_bytes)
        bytes = arena_printf(arena, "%s of %s", bytes, bytes_text(arena, transfer->total_bytes));
    return arena_printf(arena,
                        "%s, %s, %s a second%s%s%s",
                        objects,
                        bytes,
                        bytes_text(arena, transfer->bytes_per_second),
                        seconds < 0 ? "" : ", ",
                        seconds < 0 ? "" : time_text(seconds, arena),
                        seconds < 0 ? "" : " left");
}

const char *transfer_brief(const struct transfer *transfer, struct arena *arena)
{
    if (!transfer->total_bytes || transfer->bytes > transfer->total_bytes)
        return bytes_text(arena, transfer->bytes);
    return arena_printf(arena, "%d%%", (int)((double)transfer->bytes * 100 / (double)transfer->total_bytes));
}

json_t *transfer_status(const struct transfer *transfer)
{
    int64_t seconds = left(transfer);

    if (!transfer->known)
        return NULL;
    return OBJ({ "objects", jb_int(transfer->objects) },
               { "bytes", jb_int(transfer->bytes) },
               { "totalObjects", transfer->total_objects ? jb_int(transfer->total_objects) : NULL },
               { "totalBytes", transfer->total_bytes ? jb_int(transfer->total_bytes) : NULL },
               { "bytesPerSecond", jb_int(transfer->bytes_per_second) },
               { "etaSeconds", seconds >= 0 ? jb_int(seconds) : NULL });
}
