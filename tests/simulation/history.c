#include "history.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "autoscaler.h"
#include "gateway.h"
#include "invariants.h"
#include "kubelet.h"
#include "network.h"
#include "outside.h"
#include "people.h"
#include "process.h"
#include "stores.h"
#include "streams.h"
#include "verbs.h"
#include "workloads.h"

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    REST = 700 * SECOND,    /* nothing has changed for so long: all is at rest. Longer than any back-off */
    PATIENCE = 60 * MINUTE, /* of the calm, until it must be at rest */
    QUIET = 2 * MINUTE,     /* ... and then nothing may be written */
};

/* -- the trace ---------------------------------------------------------------------------------------------------- */

void world_trace(struct world *world, const char *format, ...)
{
    char line[TRACE_WIDTH];
    va_list args;
    int length;

    if (!world->trace.kept && !world->trace.printed)
        return;
    length = snprintf(line, sizeof(line), "%10.3f ", (double)world->now / 1000);
    va_start(args, format);
    vsnprintf(line + length, sizeof(line) - (size_t)length, format, args);
    va_end(args);
    if (world->trace.printed)
        fprintf(stderr, "%s\n", line);
    if (world->trace.kept)
        memcpy(world->trace.lines[world->trace.count++ % TRACE_LINES], line, sizeof(line));
}

void history_print_trace(const struct world *world)
{
    uint64_t from = world->trace.count > TRACE_LINES ? world->trace.count - TRACE_LINES : 0;

    for (uint64_t i = from; i < world->trace.count; i++)
        fprintf(stderr, "  %s\n", world->trace.lines[i % TRACE_LINES]);
}

void world_broken(struct world *world, const char *invariant, const char *format, ...)
{
    va_list args;

    if (world->violation.invariant)
        return;
    va_start(args, format);
    vsnprintf(world->violation.what, sizeof(world->violation.what), format, args);
    va_end(args);
    world->violation.invariant = invariant;
    world_trace(world, "BROKEN: %s: %s", invariant, world->violation.what);
}

/* -- the weather at work ------------------------------------------------------------------------------------------ */

static struct process *some_process(struct world *world)
{
    return world->processes[random_below(&world->random, world->weather.processes)];
}

static void outage(struct world *world)
{
    world->server.down_until = world->now + random_spread(&world->random, 200, 20 * SECOND);
    world_trace(world, "the server is down until %.3f", (double)world->server.down_until / 1000);
    for (enum resource resource = 0; resource < RESOURCE_COUNT; resource++)
        world->server.compacted[resource] = world->server.version;
    streams_close_all(world, RESOURCE_COUNT);
}

static void compaction(struct world *world)
{
    world_trace(world, "compaction at %" PRIu64, world->server.version);
    for (enum resource resource = 0; resource < RESOURCE_COUNT; resource++)
        world->server.compacted[resource] = world->server.version;
}

static void definition_edit(struct world *world)
{
    world_trace(world, "the CRD is edited");
    world->server.jobs_busy_until = world->now + random_between(&world->random, 500, 3000);
    world->server.compacted[RESOURCE_JOBS] = ++world->server.version; /* its own write counts as well */
    streams_close_all(world, RESOURCE_JOBS);
}

static void toggle_quota(struct world *world)
{
    world->server.quota = !world->server.quota;
    world_trace(world, "quota %s", world->server.quota ? "is used up" : "is there again");
}

static void crash(struct world *world)
{
    process_crash(world, some_process(world), "out of the blue");
}

static void freeze(struct world *world)
{
    process_freeze(world, some_process(world), random_spread(&world->random, SECOND, 60 * SECOND));
}

static void stop(struct world *world)
{
    process_stop(world, some_process(world));
}

static void clock_jump(struct world *world)
{
    some_process(world)->wall_jump = random_between(&world->random, -60 * MINUTE, 60 * MINUTE);
}

struct trouble {
    size_t every; /* offset in the weather */
    void (*happen)(struct world *world);
};

static const struct trouble troubles[] = {
    { offsetof(struct weather, outage_every), outage },
    { offsetof(struct weather, compaction_every), compaction },
    { offsetof(struct weather, definition_edit_every), definition_edit },
    { offsetof(struct weather, quota_every), toggle_quota },
    { offsetof(struct weather, crash_every), crash },
    { offsetof(struct weather, freeze_every), freeze },
    { offsetof(struct weather, stop_every), stop },
    { offsetof(struct weather, clock_jump_every), clock_jump },
    { offsetof(struct weather, node_trouble_every), node_trouble },
    { offsetof(struct weather, autoscale_every), autoscaler_move },
    { offsetof(struct weather, replica_trouble_every), workloads_trouble },
    { offsetof(struct weather, meddle_every), people_meddle },
};

static int64_t period(const struct world *world, const struct trouble *trouble)
{
    return *(const int64_t *)((const char *)&world->weather + trouble->every);
}

static void happen(struct world *world, void *context);

static void plan_trouble(struct world *world, const struct trouble *trouble)
{
    if (period(world, trouble))
        agenda_add(&world->agenda,
                   world->now + random_between(&world->random, 1, 2 * period(world, trouble)),
                   happen,
                   (void *)trouble);
}

static void happen(struct world *world, void *context)
{
    const struct trouble *trouble = context;

    if (world->calm)
        return;
    world->server.acting = ACTOR_CLUSTER;
    trouble->happen(world);
    plan_trouble(world, trouble);
}

static void new_definition(struct world *world, void *context)
{
    (void)context;
    world->server.old_definition = false;
    definition_edit(world);
}

/* -- the course of a history -------------------------------------------------------------------------------------- */

static void begin(struct world *world)
{
    weather_draw(&world->weather, &world->random);
    server_init(world);
    for (int i = GOOD_IMAGES; i < IMAGES; i++)
        world->qualities[i] = (enum quality)random_below(&world->random, QUALITY_CRASHES + 1);
    for (unsigned i = 0; i < world->weather.processes; i++)
        world->processes[i] = process_create(world, i);
    gateway_begin(world);
    people_begin(world);
    for (size_t i = 0; i < ARRAY_SIZE(troubles); i++)
        plan_trouble(world, &troubles[i]);
    if (!world->weather.old_definition_until)
        return;
    world->server.old_definition = true;
    agenda_add(&world->agenda, world->weather.old_definition_until, new_definition, NULL);
}

static void run_until(struct world *world, int64_t end)
{
    while (!world->violation.invariant && agenda_next(&world->agenda) <= end) {
        struct agenda_entry entry = agenda_take(&world->agenda);

        world->now = entry.when;
        entry.action(world, entry.context);
    }
    if (!world->violation.invariant)
        world->now = end;
}

static void calm_down(struct world *world)
{
    world_trace(world, "the calm begins");
    world->calm = true;
    world->calm_since = world->now;
    weather_calm(&world->weather);
    world->server.quota = false;
    if (world->server.old_definition)
        new_definition(world, NULL);
    world->server.down_until = world->server.jobs_busy_until = 0;
    memset(world->node_down_until, 0, sizeof(world->node_down_until));
    people_let_go(world);
    world->last_change = world->now;
}

static bool is_at_rest(const struct world *world)
{
    return world->now - world->last_change > REST && world->now - world->last_write > REST;
}

bool history_serves(uint64_t seed)
{
    struct random random = { seed * 2 + 1 };
    struct weather weather;

    weather_draw(&weather, &random);
    return weather.endpoints;
}

void history_run(struct world *world, uint64_t seed, bool keep_trace, bool print)
{
    int64_t patience;

    *world = (struct world){ .seed = seed, .random = { seed * 2 + 1 } };
    world->trace.kept = keep_trace;
    world->trace.printed = print;
    if (keep_trace)
        world->trace.lines = xcalloc(TRACE_LINES, TRACE_WIDTH);
    begin(world);
    run_until(world, world->weather.busy_for);
    if (!world->violation.invariant)
        calm_down(world);
    patience = world->now + PATIENCE;
    while (!world->violation.invariant && !is_at_rest(world)) {
        run_until(world, world->now + 20 * SECOND);
        if (world->now > patience)
            world_broken(world, "comes_to_rest", "something still happens after an hour of calm");
    }
    world->quiet_since = world->now;
    run_until(world, world->now + QUIET);
    if (!world->violation.invariant)
        invariants_at_end(world);
}

void history_finish(struct world *world)
{
    for (unsigned i = 0; i < MAX_PROCESSES; i++)
        process_destroy(world->processes[i]);
    streams_finish(world);
    network_finish(world);
    outside_finish(world);
    lives_finish(world);
    stores_finish(world);
    workloads_finish(world);
    gateway_finish(world);
    server_finish(world);
    agenda_finish(&world->agenda);
    free(world->trace.lines);
}
