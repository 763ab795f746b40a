#include "streams.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "invariants.h"
#include "process.h"
#include "target.h"
#include "trees.h"
#include "verbs.h"
#include "world.h"

enum { BOOKMARK_EVERY = 60000 };

struct stream {
    struct stream *next;
    struct process *process;
    unsigned slot, serial;
    struct target target;
    enum watch_transport transport;
    size_t position; /* in the log of changes: what comes next */
    int64_t ends_at;
    bool opened, over; /* over: nothing will ever be said again */
    bool mute;
    bool delivery_due; /* it is on the agenda */
};

static bool is_live(const struct stream *stream)
{
    return !stream->over && stream->opened;
}

/* -- saying things ------------------------------------------------------------------------------------------------ */

static void say(struct world *world, struct stream *stream, struct watch_signal signal)
{
    signal.slot = stream->slot;
    signal.serial = stream->serial;
    process_signal(world, stream->process, &signal);
}

static void close_stream(struct world *world, struct stream *stream, struct watch_signal signal)
{
    if (stream->over)
        return;
    stream->over = true;
    signal.type = WATCH_CLOSED;
    say(world, stream, signal);
}

static void say_message(struct world *world, struct stream *stream, const char *type, const char *object)
{
    auto_strbuf struct strbuf text = { 0 };

    strbuf_addf(&text, "{\"type\":\"%s\",\"object\":", type);
    strbuf_adds(&text, object);
    strbuf_adds(&text, "}\n");
    say(world, stream, (struct watch_signal){ .type = WATCH_MESSAGE, .message = { text.data, text.length } });
}

static void say_bookmark(struct world *world, struct stream *stream)
{
    const struct resource_info *info = resource_info(stream->target.resource);
    char text[256];

    snprintf(text,
             sizeof(text),
             "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%" PRIu64
             "\",\"creationTimestamp\":null}}",
             info->kind,
             info->api_version,
             world->server.version);
    say_message(world, stream, "BOOKMARK", text);
}

static void say_gone(struct world *world, struct stream *stream)
{
    struct answer answer = verbs_status(410, "Expired", "too old resource version: %" PRIu64, stream->target.version);

    say_message(world, stream, "ERROR", answer.body);
    free(answer.body);
    close_stream(world, stream, (struct watch_signal){ .problem = "closed by the server (1000)" });
}

/* -- delivering --------------------------------------------------------------------------------------------------- */

/* An object that stops matching is DELETED: as it was, with the new version. */
static char *as_it_was(const struct change *change)
{
    json_auto_t *tree = tree_edit(change->before->tree);

    jb_set(tree_part(tree, "metadata"), "resourceVersion", jb_fmt("%" PRIu64, change->version));
    return jb_dump(tree, false);
}

static void deliver_change(struct world *world, struct stream *stream, const struct change *change)
{
    bool before = change->before && selector_matches(&stream->target.selector, change->before->tree);
    bool after = !change->removed && selector_matches(&stream->target.selector, change->after->tree);

    if (after) {
        say_message(world, stream, before ? "MODIFIED" : "ADDED", snapshot_text(change->after));
    } else if (before && change->removed) {
        say_message(world, stream, "DELETED", snapshot_text(change->after));
    } else if (before) {
        auto_free char *text = as_it_was(change);

        say_message(world, stream, "DELETED", text);
    }
}

static void deliver(struct world *world, void *context);

static void plan_delivery(struct world *world, struct stream *stream)
{
    if (stream->delivery_due || stream->mute || !is_live(stream))
        return;
    stream->delivery_due = true;
    agenda_add(&world->agenda, world->now + random_spread(&world->random, 1, world->weather.lag), deliver, stream);
}

static bool has_news(const struct world *world, struct stream *stream)
{
    const struct server *server = &world->server;

    while (stream->position < server->change_count &&
           !target_covers(&stream->target, server->changes[stream->position].thing))
        stream->position++;
    return stream->position < server->change_count;
}

static void deliver(struct world *world, void *context)
{
    struct stream *stream = context;

    stream->delivery_due = false;
    if (!is_live(stream))
        return;
    if (process_is_frozen(world, stream->process)) {
        stream->delivery_due = true;
        agenda_add(&world->agenda, process_wakes_at(stream->process) + 1, deliver, stream);
        return;
    }
    for (unsigned i = 0; i < world->weather.batch && is_live(stream) && has_news(world, stream); i++) {
        struct change change = world->server.changes[stream->position++];

        deliver_change(world, stream, &change);
    }
    if (has_news(world, stream))
        plan_delivery(world, stream);
}

void streams_notice(struct world *world, enum resource resource)
{
    for (unsigned i = 0; i < MAX_PROCESSES; i++)
        for (unsigned slot = 0; world->processes[i] && slot < MAX_SLOTS; slot++) {
            struct stream *stream = world->processes[i]->streams[slot];

            if (stream && stream->target.resource == resource)
                plan_delivery(world, stream);
        }
}

/* A bookmark says that everything up to now has been delivered, so it waits until that is so. */
static void bookmark(struct world *world, void *context)
{
    struct stream *stream = context;

    if (!is_live(stream))
        return;
    agenda_add(
        &world->agenda, world->now + BOOKMARK_EVERY - (int64_t)random_below(&world->random, 5000), bookmark, stream);
    if (!stream->mute && stream->target.bookmarks && !has_news(world, stream) &&
        !process_is_frozen(world, stream->process))
        say_bookmark(world, stream);
}

static void time_out(struct world *world, void *context)
{
    struct stream *stream = context;

    if (!is_live(stream) || stream->mute)
        return;
    if (process_is_frozen(world, stream->process)) {
        agenda_add(&world->agenda, process_wakes_at(stream->process) + 2, time_out, stream);
        return;
    }
    if (!has_news(world, stream) && stream->target.bookmarks)
        say_bookmark(world, stream);
    close_stream(world, stream, (struct watch_signal){ .problem = "closed by the server (1000)" });
}

/* -- opening ------------------------------------------------------------------------------------------------------ */

/* The first change that the watcher has not seen. */
static size_t find_position(const struct server *server, uint64_t version)
{
    size_t low = 0, high = server->change_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (server->changes[middle].version <= version)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_refused(struct world *world, struct stream *stream)
{
    static const struct watch_signal refusals[] = {
        { .refused = true, .upgrade_refused = true, .http_status = 403, .problem = "the upgrade was refused" },
        { .refused = true, .http_status = 429, .retry_after_ms = 1000, .problem = "too many requests" },
        { .refused = true, .http_status = 500, .problem = "internal error" },
        { .refused = true, .problem = "connection refused" },
        { .refused = true, .http_status = 404, .problem = "not found" },
    };

    if (world->now < world->server.down_until) {
        close_stream(world, stream, refusals[3]);
        return true;
    }
    if (resource_is_of_gateways(stream->target.resource) && !world->server.has_gateways) {
        close_stream(world, stream, refusals[4]);
        return true;
    }
    if (stream->target.resource == RESOURCE_JOBS && world->now < world->server.jobs_busy_until) {
        close_stream(world, stream, refusals[1]);
        return true;
    }
    if (!random_chance(&world->random, world->weather.refused))
        return false;
    close_stream(world,
                 stream,
                 refusals[random_below(&world->random, stream->transport == WATCH_WEBSOCKET ? 4 : 3) +
                          (stream->transport != WATCH_WEBSOCKET)]);
    return true;
}

static void open_stream(struct world *world, void *context)
{
    struct stream *stream = context;
    struct server *server = &world->server;
    int64_t length = stream->target.timeout_seconds * 1000;

    if (stream->over)
        return;
    if (process_is_frozen(world, stream->process)) {
        agenda_add(&world->agenda, process_wakes_at(stream->process) + 1, open_stream, stream);
        return;
    }
    if (is_refused(world, stream))
        return;
    stream->opened = true;
    stream->mute = random_chance(&world->random, world->weather.mute);
    stream->position = find_position(server, stream->target.version);
    say(world, stream, (struct watch_signal){ .type = WATCH_OPENED });
    if (stream->target.version < server->compacted[stream->target.resource] && is_live(stream)) {
        say_gone(world, stream);
        return;
    }
    if (world->weather.close_every)
        length = random_between(&world->random, 1, 2 * world->weather.close_every);
    agenda_add(&world->agenda, world->now + length, time_out, stream);
    agenda_add(&world->agenda, world->now + random_between(&world->random, 1000, BOOKMARK_EVERY), bookmark, stream);
    plan_delivery(world, stream);
}

static void silence(struct process *process, unsigned slot)
{
    if (process->streams[slot])
        process->streams[slot]->over = true;
    process->streams[slot] = NULL;
}

void streams_command(struct world *world, struct process *process, const struct watch_command *command)
{
    const char *problem = "";
    struct stream *stream;

    if (command->slot >= MAX_SLOTS)
        BUG("slot %u", command->slot);
    silence(process, command->slot);
    if (!command->open)
        return;
    stream = xcalloc(1, sizeof(*stream));
    *stream = (struct stream){ .next = world->streams,
                               .process = process,
                               .slot = command->slot,
                               .serial = command->serial,
                               .transport = command->transport };
    world->streams = stream;
    process->streams[command->slot] = stream;
    if (!target_parse(command->path, &stream->target, &problem) || !stream->target.watch || !stream->target.has_version)
        invariants_watch_not_understood(world, command->path, problem);
    agenda_add(
        &world->agenda, world->now + random_spread(&world->random, 1, world->weather.delay), open_stream, stream);
}

/* -- ending ------------------------------------------------------------------------------------------------------- */

static void cut(struct world *world, void *context)
{
    struct stream *stream = context;

    if (is_live(stream) && process_is_frozen(world, stream->process))
        agenda_add(&world->agenda, process_wakes_at(stream->process) + 1, cut, stream);
    else if (is_live(stream))
        close_stream(world, stream, (struct watch_signal){ .problem = "connection reset" });
}

void streams_close_all(struct world *world, enum resource resource)
{
    for (struct stream *stream = world->streams; stream; stream = stream->next)
        if (is_live(stream) && (resource == RESOURCE_COUNT || stream->target.resource == resource))
            agenda_add(&world->agenda, world->now + (int64_t)random_below(&world->random, 100), cut, stream);
}

void streams_drop(struct world *world, const struct process *process)
{
    for (struct stream *stream = world->streams; stream; stream = stream->next)
        if (stream->process == process)
            stream->over = true;
}

void streams_finish(struct world *world)
{
    for (struct stream *stream = world->streams, *next; stream; stream = next) {
        next = stream->next;
        free(stream);
    }
}
