#pragma once
/* A process of the operator: an engine with its own clocks, that may die, freeze or be told to stop at any moment. */

#include <stdbool.h>
#include <stdint.h>

#include "../../operator/engine/engine.h"

enum { MAX_SLOTS = 16 };

struct world;
struct stream;

struct process {
    char identity[32];
    struct engine *engine; /* NULL: it does not run */
    unsigned run;          /* grows with each start */
    unsigned number;
    int64_t clock_offset; /* of its monotonic clock, ms */
    int64_t wall_jump;    /* of its idea of the time of day, ms */
    int64_t frozen_until;
    int64_t tick_at;        /* when it is to be woken next */
    int64_t stopping_since; /* 0: it was not told to stop */
    struct engine_options options;
    const char *namespaces[2];
    struct stream *streams[MAX_SLOTS];
    uint64_t requests, steps; /* within the current minute */
    int64_t minute_began;
};

struct process *process_create(struct world *world, unsigned number);
void process_destroy(struct process *process);

void process_signal(struct world *world, struct process *process, const struct watch_signal *signal);
void process_findings(struct world *world, struct process *process, const struct http_findings *findings);
void process_answer(struct world *world, struct process *process, const struct http_response *response);

void process_crash(struct world *world, struct process *process, const char *why);
void process_freeze(struct world *world, struct process *process, int64_t length);
void process_stop(struct world *world, struct process *process); /* SIGTERM */

bool process_runs(const struct process *process, unsigned run);
bool process_is_frozen(const struct world *world, const struct process *process);
int64_t process_wakes_at(const struct process *process);
