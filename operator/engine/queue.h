#pragma once
/*
 * The keys (one per custom resource) that want a pass: each at most once in the queue, each also with at most one alarm
 * in the future. A key that becomes dirty during its own pass is queued again when that pass ends.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../base/map.h"
#include "../model/object.h"
#include "../model/observed.h"

struct inquiry;
struct pass;

/* A child that was refused; remembered until it is accepted, no longer wanted, or its owner's spec changed. */
struct refusal {
    struct refusal *next;
    struct failure failure; /* its strings are owned here */
    char *owner_uid;        /* of the owner when it happened, and its generation */
    int64_t generation;
    int64_t retry_at; /* monotonic ms */
    unsigned times;
};

struct key {
    enum kind kind;
    char *namespace, *name;
    bool dirty;          /* wants a pass */
    bool queued;         /* is in the list of the queue */
    struct key *next;    /* in that list */
    int64_t alarm;       /* monotonic ms; INT64_MAX: none */
    size_t alarm_place;  /* in the heap, 1-based; 0: not in it */
    int64_t dirty_since; /* monotonic ms, for the queue's metrics */
    int64_t not_before;  /* back-off after failed passes; no wake-up passes it */
    unsigned failed_passes;
    int64_t status_written_at;   /* monotonic ms of the last status write; 0: never */
    uint64_t needed[KIND_COUNT]; /* plan again only when that kind's watch has reached this version */
    char **leaving;              /* uids we deleted and have not seen go */
    size_t leaving_count, leaving_capacity;
    struct refusal *refusals;
    char *confirmed;         /* what was read live for the plan to come (confirm.h); NULL: nothing */
    struct inquiry *inquiry; /* what its last plan asks others; NULL: nothing */
    struct pass *pass;       /* under way; NULL: none */
};

struct queue {
    struct map keys;
    struct key *first, *last;
    struct key **alarms; /* a heap, the earliest first; alarms[0] is not used */
    size_t alarm_count, alarm_capacity;
    size_t depth;
    uint64_t adds;
};

void refusal_destroy(struct refusal *refusal);

void queue_init(struct queue *queue);
void queue_finish(struct queue *queue);

struct key *queue_find(const struct queue *queue, enum kind kind, const char *namespace, const char *name);
struct key *queue_key(struct queue *queue, enum kind kind, const char *namespace, const char *name); /* made when new */
void queue_forget(struct queue *queue, struct key *key); /* frees a key that has no pass */

void queue_add(struct queue *queue, struct key *key, int64_t now);
void queue_add_at(struct queue *queue, struct key *key, int64_t when); /* the earliest alarm counts */

/* The next dirty key without a pass whose back-off is over, not dirty any more; NULL: none now. */
struct key *queue_take(struct queue *queue, int64_t now);

/* Moves keys whose alarm is due into the queue. */
void queue_ring(struct queue *queue, int64_t now);
int64_t queue_next_alarm(const struct queue *queue); /* INT64_MAX: none */
