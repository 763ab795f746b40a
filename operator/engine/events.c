#include "events.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "state.h"

enum { MAX_SAID = 4096, MAX_UNDER_WAY = 256 };

struct said {
    char *key;
    char *path;                /* of the Event on the server, without a query */
    int64_t first_at, sent_at; /* monotonic ms */
    unsigned count;
};

static bool same_key(const void *value, const void *key)
{
    return strcmp(((const struct said *)value)->key, key) == 0;
}

void recorder_init(struct recorder *recorder)
{
    *recorder = (struct recorder){ 0 };
    map_init(&recorder->said, same_key);
}

static void free_said(struct said *said)
{
    free(said->key);
    free(said->path);
    free(said);
}

static void forget_everything(struct recorder *recorder)
{
    struct said *said;

    for (size_t at = 0; (said = map_next(&recorder->said, &at));)
        free_said(said);
    map_finish(&recorder->said);
}

void recorder_finish(struct recorder *recorder)
{
    forget_everything(recorder);
}

void recorder_forget(struct recorder *recorder, const char *uid)
{
    size_t length = strlen(uid);
    struct said *said;

    for (size_t at = 0; (said = map_next(&recorder->said, &at));)
        if (strncmp(said->key, uid, length) == 0 && said->key[length] == '/') {
            map_remove(&recorder->said, map_hash(0, said->key), said->key);
            free_said(said);
        }
}

struct noted_event *recorder_note(const struct plan *plan, const struct object *regarding, size_t *ret_count)
{
    struct noted_event *notes = plan->event_count ? xcalloc(plan->event_count, sizeof(*notes)) : NULL;

    for (size_t i = 0; i < plan->event_count; i++)
        notes[i] = (struct noted_event){ .warning = plan->events[i].warning,
                                         .kind = regarding->kind,
                                         .namespace = xstrdup(regarding->namespace),
                                         .name = xstrdup(regarding->name),
                                         .uid = xstrdup(regarding->uid),
                                         .reason = xstrdup(plan->events[i].reason),
                                         .action = xstrdup(plan->events[i].action),
                                         .note = xstrdup(plan->events[i].note) };
    *ret_count = plan->event_count;
    return notes;
}

void recorder_free_notes(struct noted_event *notes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(notes[i].namespace);
        free(notes[i].name);
        free(notes[i].uid);
        free(notes[i].reason);
        free(notes[i].action);
        free(notes[i].note);
    }
    free(notes);
}

/* RFC 3339 with microseconds, as events.k8s.io wants its times. */
static json_t *micro_time(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    char text[32];
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    return jb_fmt("%s.%06dZ", text, (int)(wall_ms % 1000) * 1000);
}

static json_t *event_body(const struct engine *engine, const struct noted_event *note, const char *name)
{
    return OBJ({ "apiVersion", jb_str("events.k8s.io/v1") },
               { "kind", jb_str("Event") },
               { "metadata", OBJ({ "name", jb_str(name) }, { "namespace", jb_str(note->namespace) }) },
               { "eventTime", micro_time(engine->wall) },
               { "reportingController", jb_str("kitae.dev/operator") },
               { "reportingInstance", jb_str(engine->options.identity) },
               { "action", jb_str(note->action) },
               { "reason", jb_str(note->reason) },
               { "regarding",
                 OBJ({ "apiVersion", jb_str(kind_api_version(note->kind)) },
                     { "kind", jb_str(kind_info(note->kind)->kind) },
                     { "namespace", jb_str(note->namespace) },
                     { "name", jb_str(note->name) },
                     { "uid", jb_str(note->uid) }) },
               { "note", jb_str(note->note) },
               { "type", jb_str(note->warning ? "Warning" : "Normal") });
}

static void answered(struct engine *engine, void *context, const struct http_response *response)
{
    (void)context;
    engine->recorder.under_way--;
    if (response->status < 200 || response->status >= 300)
        engine->counters.events_dropped++;
}

static void send(struct engine *engine, enum http_method method, char *take_path, const char *type, const json_t *body)
{
    struct http_request *request = http_request_create(method, take_path, type, jb_dump(body, false));

    request->timeout_ms = (unsigned)engine->options.timings.write_timeout;
    request->patient = true;
    engine->recorder.under_way++;
    engine->counters.events_sent++;
    engine_send(engine, request, answered, NULL);
}

static void remember(struct engine *engine, const char *key, char *take_path)
{
    struct said *said = xcalloc(1, sizeof(*said));

    *said = (struct said){ xstrdup(key), take_path, engine->now, engine->now, 1 };
    if (engine->recorder.said.count >= MAX_SAID)
        forget_everything(&engine->recorder);
    map_put(&engine->recorder.said, map_hash(0, key), said->key, said);
}

/* The last words on an object may come when it is gone: nobody would forget those. */
static void send_first(struct engine *engine, const struct noted_event *note, const char *key)
{
    struct strbuf collection = { .maximum = STRBUF_MAX_TEXT }, path = { .maximum = STRBUF_MAX_TEXT };
    auto_strbuf struct strbuf name = { .maximum = STRBUF_MAX_TEXT };
    json_auto_t *body = NULL;

    strbuf_addf(&name, "%s.%016" PRIx64, note->name, engine_random(engine, UINT64_MAX));
    body = event_body(engine, note, strbuf_text(&name));
    strbuf_addf(&collection, "/apis/events.k8s.io/v1/namespaces/%s/events", note->namespace);
    strbuf_addf(&path, "%s/%s", strbuf_text(&collection), strbuf_text(&name));
    if (store_get_owner(&engine->store, note->uid))
        remember(engine, key, strbuf_detach(&path));
    strbuf_finish(&path);
    send(engine, HTTP_POST, strbuf_detach(&collection), "application/json", body);
}

static void send_again(struct engine *engine, struct said *said)
{
    json_auto_t *body =
        OBJ({ "series", OBJ({ "count", jb_int(said->count) }, { "lastObservedTime", micro_time(engine->wall) }) });

    said->sent_at = engine->now;
    send(engine, HTTP_PATCH, xstrdup(said->path), "application/merge-patch+json", body);
}

static void emit(struct engine *engine, const struct noted_event *note)
{
    auto_strbuf struct strbuf key = { .maximum = STRBUF_MAX_TEXT };
    struct said *said;

    strbuf_addf(&key, "%s/%d/%s/%s", note->uid, note->warning, note->reason, note->action);
    said = map_get(&engine->recorder.said, map_hash(0, strbuf_text(&key)), strbuf_text(&key));
    if (said)
        said->count++;
    if (engine->recorder.under_way >= MAX_UNDER_WAY)
        engine->counters.events_dropped++;
    else if (!said)
        send_first(engine, note, strbuf_text(&key));
    else if (engine->now - said->sent_at >= engine->options.timings.event_repeat)
        send_again(engine, said);
}

void recorder_emit(struct engine *engine, const struct noted_event *notes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        emit(engine, &notes[i]);
}
