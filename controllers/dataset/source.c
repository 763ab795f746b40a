#include "source.h"

#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"

static void add_partition(json_t *args, const struct dataset_spec_select_partitions *partition, struct arena *arena)
{
    const char *text = arena_printf(arena, "%s:", partition->key);

    if (partition->has_newest)
        text = arena_printf(arena, "%snewest=%d", text, (int)partition->newest);
    else if (partition->values_count)
        for (size_t i = 0; i < partition->values_count; i++)
            text = arena_printf(arena, "%s%s%s", text, i ? "," : "values=", partition->values[i]);
    else
        text = arena_printf(arena,
                            "%s%s%s%s%s%s",
                            text,
                            partition->from ? "from=" : "",
                            partition->from ? partition->from : "",
                            partition->from && partition->before ? "," : "",
                            partition->before ? "before=" : "",
                            partition->before ? partition->before : "");
    agent_add_flag(args, "partition", text);
}

struct s3_place dataset_place(const struct dataset_spec *spec)
{
    return S3_PLACE(spec->source->s3);
}

static void add_selection(json_t *args, const struct dataset_spec_select *select, struct arena *arena)
{
    for (size_t i = 0; i < select->include_count; i++)
        agent_add_flag(args, "include", select->include[i]);
    for (size_t i = 0; i < select->exclude_count; i++)
        agent_add_flag(args, "exclude", select->exclude[i]);
    for (size_t i = 0; i < select->partitions_count; i++)
        add_partition(args, &select->partitions[i], arena);
}

static void add_limits(json_t *args, const struct dataset_spec_sync *sync, struct arena *arena)
{
    json_auto_t *rate = NULL;
    struct error err;

    if (sync->has_connections)
        agent_add_flag(args, "connections", arena_printf(arena, "%d", (int)sync->connections));
    if (!sync->max_bytes_per_second.data || jb_parse(sync->max_bytes_per_second, &rate, &err) < 0)
        return;
    agent_add_flag(args,
                   "max-bytes-per-second",
                   json_is_string(rate) ? arena_strdup(arena, json_string_value(rate))
                                        : arena_printf(arena, "%lld", (long long)json_integer_value(rate)));
}

static json_t *args_of(const char *command, const struct dataset_spec *spec, struct arena *arena)
{
    struct s3_place place = dataset_place(spec);
    json_t *args = ARR(jb_str(command));

    agent_add_place(args, "source", &place);
    if (spec->select)
        add_selection(args, spec->select, arena);
    if (spec->sync)
        add_limits(args, spec->sync, arena);
    return args;
}

json_t *dataset_sync_args(const struct dataset_spec *spec, struct arena *arena)
{
    return args_of("sync", spec, arena);
}

json_t *dataset_fetch_args(const struct dataset_spec *spec, const char *digest, struct arena *arena)
{
    json_t *args = args_of("fetch", spec, arena);

    agent_add_flag(args, "digest", digest);
    return args;
}
