#include "record.h"

#include "../../operator/base/fields.h"
#include "../../operator/base/jb.h"

void record_begin(struct record *record, const struct observed *in, const char *what, const char *spec_hash)
{
    record->number++;
    record->phase = RECORD_RUNNING;
    record->run = arena_printf(in->arena, "%s-%s-%d", in->self->name, what, record->number);
    record->spec_hash = spec_hash;
    record->requested_at = in->self->requested_at;
    record->start_time = in->now;
    record->completion_time = 0;
    record->reason = record->message = NULL;
}

void record_end(struct record *record, const struct observed *in, const struct run *run)
{
    const struct run_result *result = &run->result;

    record->completion_time = run->finished_at ? run->finished_at : in->now;
    record->reason = record->message = NULL;
    if (run->state == RUN_FAILED || result->reason) {
        record->phase = RECORD_FAILED;
        record->reason = result->reason ? result->reason : "AgentFailed";
        record->message = run->message;
        return;
    }
    record->phase = RECORD_SUCCEEDED;
    record->objects = result->objects;
    record->bytes = result->bytes;
    record->fetched_bytes = result->fetched_bytes;
}

void record_fail(struct record *record, const char *reason, const char *message)
{
    record->phase = RECORD_FAILED;
    record->reason = reason;
    record->message = message;
}

static json_t *text(const char *value)
{
    return value && *value ? jb_str(value) : NULL;
}

static json_t *time_of(int64_t seconds, struct arena *arena)
{
    return seconds ? jb_str(fields_format_time(arena, seconds)) : NULL;
}

json_t *record_status(const struct record *record, struct arena *arena)
{
    static const char *const phases[] = { NULL, "Running", "Succeeded", "Failed" };

    if (!record->phase)
        return NULL;
    return OBJ({ "number", jb_int(record->number) },
               { "run", text(record->run) },
               { "phase", jb_str(phases[record->phase]) },
               { "specHash", text(record->spec_hash) },
               { "requestedAt", text(record->requested_at) },
               { "startTime", time_of(record->start_time, arena) },
               { "completionTime", time_of(record->completion_time, arena) },
               { "reason", text(record->reason) },
               { "message", text(record->message) },
               { "objects", jb_int(record->objects) },
               { "bytes", jb_int(record->bytes) },
               { "fetchedBytes", jb_int(record->fetched_bytes) });
}
