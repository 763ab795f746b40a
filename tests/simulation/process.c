#include "process.h"

#include <stdio.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "../../operator/model/controller.h"
#include "invariants.h"
#include "network.h"
#include "outside.h"
#include "streams.h"
#include "world.h"

enum { KEY_BACKOFF_MAX = 60000, STOP_WITHIN = 30000 };

bool process_runs(const struct process *process, unsigned run)
{
    return process->engine && process->run == run;
}

bool process_is_frozen(const struct world *world, const struct process *process)
{
    return process->engine && world->now < process->frozen_until;
}

int64_t process_wakes_at(const struct process *process)
{
    return process->frozen_until;
}

/* -- life and death ----------------------------------------------------------------------------------------------- */

static void start(struct world *world, void *context);

static void end(struct world *world, struct process *process, const char *why)
{
    world_trace(world, "%s ends: %s", process->identity, why);
    engine_destroy(take(process->engine));
    process->frozen_until = process->stopping_since = 0;
    memset(process->streams, 0, sizeof(process->streams));
    streams_drop(world, process);
    agenda_add(
        &world->agenda, world->now + random_spread(&world->random, 10, world->weather.restart_within), start, process);
}

void process_crash(struct world *world, struct process *process, const char *why)
{
    if (!process->engine)
        return;
    world->counters.crashes++;
    end(world, process, why);
}

static bool is_write(const struct http_request *request)
{
    return request->method != HTTP_GET && !request->urgent;
}

/* Sends a request, unless this is the write at which the process dies. */
static void send(struct world *world, struct process *process, struct http_request *request)
{
    bool dies = is_write(request) && random_chance(&world->random, world->weather.crash_at_write);
    unsigned when = (unsigned)random_below(&world->random, 3);

    if (!request->urgent || world->trace.printed)
        world_trace(world, "%s: %s %.200s", process->identity, http_method_name(request->method), request->path);
    invariants_on_send(world, process, request);
    if (!dies) {
        network_send(world, process, request, FATE_AS_IT_COMES);
    } else if (when == 0) {
        http_request_destroy(request);
        process_crash(world, process, "before a write");
    } else if (when == 1) {
        network_send(world, process, request, FATE_LANDS);
        process_crash(world, process, "after a write");
    } else {
        network_send(world, process, request, FATE_CRASH);
    }
}

static void tick(struct world *world, void *context);

static void plan_tick(struct world *world, struct process *process)
{
    int64_t when = engine_next_tick(process->engine);

    if (when == INT64_MAX)
        return;
    when -= process->clock_offset;
    if (when <= world->now)
        when = world->now + 1;
    if (when >= process->tick_at && process->tick_at > world->now)
        return; /* it wakes before that anyway */
    process->tick_at = when;
    agenda_add(&world->agenda, when, tick, process);
}

/* Does what the engine asks for after a step. */
static void pump(struct world *world, struct process *process)
{
    struct http_request *request;
    struct http_question *question;
    struct watch_command command;

    while (process->engine && (request = engine_take_request(process->engine)))
        send(world, process, request);
    while (process->engine && engine_take_watch(process->engine, &command)) {
        streams_command(world, process, &command);
        free(command.path);
    }
    while (process->engine && (question = engine_take_question(process->engine)))
        outside_ask(world, process, question);
    if (!process->engine)
        return;
    if (engine_lost_lease(process->engine)) {
        end(world, process, "it lost the lease");
    } else if (process->stopping_since && engine_is_stopped(process->engine)) {
        end(world, process, "it was told to stop");
    } else if (process->stopping_since && world->now - process->stopping_since > STOP_WITHIN) {
        end(world, process, "it did not stop in time");
    } else {
        plan_tick(world, process);
    }
}

static void step(struct world *world, struct process *process, struct event event)
{
    event.monotonic_ms = world->now + process->clock_offset;
    event.wall_ms = server_time(world) * 1000 + world->now % 1000 + process->wall_jump;
    engine_step(process->engine, &event);
    invariants_on_step(world, process);
    pump(world, process);
}

static void tick(struct world *world, void *context)
{
    struct process *process = context;

    if (!process->engine || world->now < process->tick_at)
        return;
    if (process_is_frozen(world, process)) {
        process->tick_at = process->frozen_until;
        agenda_add(&world->agenda, process->frozen_until, tick, process);
        return;
    }
    step(world, process, (struct event){ .type = EVENT_TICK });
}

void process_signal(struct world *world, struct process *process, const struct watch_signal *signal)
{
    if (process->engine)
        step(world, process, (struct event){ .type = EVENT_WATCH, .watch = signal });
}

void process_findings(struct world *world, struct process *process, const struct http_findings *findings)
{
    if (process->engine)
        step(world, process, (struct event){ .type = EVENT_ANSWER, .findings = findings });
}

void process_answer(struct world *world, struct process *process, const struct http_response *response)
{
    step(world, process, (struct event){ .type = EVENT_RESPONSE, .response = response });
}

void process_freeze(struct world *world, struct process *process, int64_t length)
{
    if (!process->engine || process_is_frozen(world, process))
        return;
    world_trace(world, "%s is frozen", process->identity);
    world->counters.freezes++;
    process->frozen_until = world->now + length;
}

void process_stop(struct world *world, struct process *process)
{
    if (!process->engine || process->stopping_since || process_is_frozen(world, process))
        return;
    world_trace(world, "%s is told to stop", process->identity);
    process->stopping_since = world->now;
    step(world, process, (struct event){ .type = EVENT_STOP });
}

static void start(struct world *world, void *context)
{
    struct process *process = context;

    process->run++;
    process->tick_at = 0;
    process->minute_began = world->now; /* what a predecessor did does not count */
    process->requests = process->steps = 0;
    process->clock_offset = random_between(&world->random, 1000, 100000000);
    snprintf(process->identity, sizeof(process->identity), "kitae-%u_%u", process->number, process->run);
    process->options.identity = process->identity;
    process->options.seed = random_next(&world->random);
    process->engine = engine_create(&process->options);
    world_trace(world, "%s starts", process->identity);
    step(world, process, (struct event){ .type = EVENT_TICK });
}

/* Back-off is cut short, so that the calm need not last for hours; everything else is as in a real process. */
/* The same for all: what is random must come from the seed of the history. */
static void no_random_bytes(void *bytes, size_t length)
{
    memset(bytes, 42, length);
}

struct process *process_create(struct world *world, unsigned number)
{
    const struct weather *weather = &world->weather;
    struct process *process = xcalloc(1, sizeof(*process));

    process->number = number;
    process->namespaces[0] = weather->one_namespace ? "red" : NULL;
    process->options =
        (struct engine_options){ .namespaces = process->namespaces,
                                 .selector = weather->selects ? "team=ml" : NULL,
                                 .transport = random_chance(&world->random, 800) ? WATCH_WEBSOCKET : WATCH_HTTP,
                                 .leader_elect = weather->leader_elect,
                                 .lease_namespace = "kitae-system",
                                 .prometheus_url = weather->has_prometheus ? PROMETHEUS_URL : NULL,
                                 .can_probe = weather->can_probe,
                                 .window = (unsigned)random_spread(&world->random, 1, 32),
                                 .random_bytes = no_random_bytes,
                                 .timings = engine_default_timings,
                                 .controllers = controllers };
    process->options.timings.key_backoff_max = KEY_BACKOFF_MAX;
    agenda_add(&world->agenda, (int64_t)random_below(&world->random, 3000), start, process);
    return process;
}

void process_destroy(struct process *process)
{
    if (!process)
        return;
    engine_destroy(process->engine);
    free(process);
}
