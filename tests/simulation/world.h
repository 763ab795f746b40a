#pragma once
/*
 * One history: a cluster, its people, the processes of the operator and the weather, in virtual time and from one seed.
 * First comes a busy time, in which everything may happen, then a calm one, in which all must come to rest.
 */

#include "../../operator/base/error.h"
#include "agenda.h"
#include "random.h"
#include "server.h"
#include "weather.h"
#include "workloads.h"

enum { MAX_PROCESSES = 2, TRACE_LINES = 60, TRACE_WIDTH = 240 };

struct call;
struct stream;

/* The first invariant that did not hold; the history ends with it. */
struct violation {
    const char *invariant; /* NULL: all is well */
    char what[1024];
};

struct trace {
    bool kept, printed; /* the last lines are kept; every line is printed at once */
    char (*lines)[TRACE_WIDTH];
    uint64_t count;
};

struct counters {
    uint64_t writes;  /* of the operator that were carried out, leases and events aside */
    uint64_t crashes; /* of the operator, at once and without warning */
    uint64_t jobs, pods, faults, meddlings, freezes;
    uint64_t promotions, rollbacks; /* of revisions, by what the status says */
};

struct world {
    uint64_t seed;
    struct random random;
    int64_t now; /* virtual ms since the world began */
    bool calm;
    int64_t calm_since;
    struct agenda agenda;
    struct weather weather;
    struct server server;
    struct process *processes[MAX_PROCESSES];
    struct stream *streams;     /* all that ever were, newest first */
    struct call *calls;         /* under way */
    struct shelf *shelves;      /* volumes and stores of versions */
    struct errand *errands;     /* of the agent's Jobs, all that ever were */
    struct life *lives;         /* of all pods of jobs that ever were, newest first */
    struct workload *workloads; /* Deployments, all that ever were, newest first */
    struct traffic *traffics;   /* routes, likewise */
    struct inquiry *inquiries;  /* questions under way */
    enum quality qualities[IMAGES];
    int64_t node_down_until[4]; /* nodes that do nothing before */
    unsigned people_made;       /* names given out so far */
    int64_t last_write;         /* when the operator last wrote something, leases aside */
    int64_t last_change;        /* when anybody last changed something, leases aside */
    int64_t quiet_since;        /* the calm is over and nothing may be written any more; 0: not yet */
    struct violation violation;
    struct trace trace;
    struct counters counters;
};

void world_trace(struct world *world, const char *format, ...) printf_like(2, 3);

/* Says that an invariant does not hold; only the first one of a history counts. */
void world_broken(struct world *world, const char *invariant, const char *format, ...) printf_like(3, 4);
