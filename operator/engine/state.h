#pragma once
/* The engine's insides, for the files of this folder only. */

#include "../base/arena.h"
#include "../base/strbuf.h"
#include "../model/controller.h"
#include "../serve/metrics.h"
#include "asks.h"
#include "engine.h"
#include "events.h"
#include "lease.h"
#include "outbox.h"
#include "queue.h"
#include "reflector.h"
#include "reports.h"
#include "store.h"

enum {
    DEFAULT_WINDOW = 16,
    MAX_WRITES_A_PASS = 64,
    GATE_RECHECK_MS = 1000, /* a key that waits for its own writes to be seen looks again this late at the latest */
    REFERRED_MS = 250,      /* an object looks this late at who refers to it */
    RUSHED_TURNS = 10, /* of lazy_status, that a status which differs in counts only waits for while there is a rush */
};

/* A request that was made and has no answer yet: who wants to know. Exactly one call, then it is freed. */
typedef void response_handler(struct engine *engine, void *context, const struct http_response *response);

struct pending {
    uint64_t id;
    response_handler *handler;
    void *context;
    enum http_method method;
    bool urgent, patient; /* as the request */
    int64_t sent_at;      /* monotonic ms */
};

enum { MAX_STATUS = 600 };

struct engine_counters {
    uint64_t passes, pass_errors, conflicts, unchanged_writes, refused_writes;
    uint64_t requests[5][MAX_STATUS]; /* answers, by http_method and status; 0: none came */
    uint64_t events_sent, events_dropped;
    uint64_t reports[MAX_STATUS];        /* of pods, by how they were answered */
    struct histogram request_seconds[5]; /* by http_method */
    struct histogram pass_seconds;       /* from its start to its last answer */
    struct histogram queue_seconds;      /* from dirty to planned */
};

struct engine {
    struct engine_options options;
    int64_t now;  /* monotonic ms of the event being handled */
    int64_t wall; /* ms since 1970 */
    uint64_t random;
    struct store store;
    struct queue queue;
    struct reflector *reflectors;
    size_t reflector_count;
    struct lease lease;
    struct recorder recorder;
    struct reports reports;
    struct asks asks;
    struct map pending; /* by id */
    uint64_t last_id;
    struct outbox outbox;
    int64_t hold_until; /* the server said Retry-After: nothing but the lease before */
    struct watch_command *commands;
    size_t command_count, command_capacity, command_next;
    int64_t strays_at; /* when to look at families without an owner */
    struct stray *strays;
    int64_t next_tick;
    bool started, stopping, was_leading;
    int64_t fault_at; /* when it last happened, monotonic ms */
    char *fault;      /* why a kind cannot be served (an old CRD, ...); for readyz; NULL: none */
    struct engine_counters counters;
};

/* Sends a request; handler is called with the answer. Everything is taken. */
void engine_send(struct engine *engine, struct http_request *take_request, response_handler *handler, void *context);

/* True while this process may write: it holds the lease, or needs none. */
bool engine_may_write(const struct engine *engine);

void engine_add_command(struct engine *engine, struct watch_command take_command);

/* A number in [0, limit), from the engine's own seeded generator. */
uint64_t engine_random(struct engine *engine, uint64_t limit);

/* `step`th delay of an exponential back-off with full jitter in its upper half. */
int64_t engine_backoff(struct engine *engine, unsigned step, int64_t minimum, int64_t maximum);

/* The controller of a kind, or NULL. */
const struct controller *engine_controller(const struct engine *engine, enum kind kind);

/* An object of the store changed, or went: whoever plans with it is queued. */
void engine_object_changed(struct engine *engine, const struct object *object);

/* Those that its spec names look, soon, at who uses them: many users change together, and one look does for all. */
void engine_wake_referred(struct engine *engine, const struct object *object);

/* A kind has finished its first list: keys that wait for it look again. */
void engine_kind_synced(struct engine *engine);

void reflectors_init(struct engine *engine);

/* The reflector that watches a kind in a namespace; never NULL for what we watch. */
struct reflector *engine_reflector(struct engine *engine, enum kind kind, const char *namespace);

int64_t engine_wall_seconds(const struct engine *engine);

/* Remembers why a kind cannot be served, for readyz; logged once. */
void engine_set_fault(struct engine *engine, const char *format, ...) printf_like(2, 3);
void engine_clear_fault(struct engine *engine);
