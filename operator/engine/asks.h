#pragma once
/*
 * Questions of plans to others (plan_ask): asked by the leader alone, at once and then every so often, one at a time of
 * each question and so many at once of all; keys take turns. Probes and queries leave by engine_take_question and carry
 * nothing of ours; objects are read from the API server. Answers are in memory, and each has its key planned again.
 */

#include "../base/map.h"
#include "../http/question.h"
#include "inquiry.h"

struct engine;

enum { ASKS_MAX_IN_FLIGHT = 32 };

enum ask_result {
    ASK_GOOD,
    ASK_BAD,    /* answered, but not all requests of a probe well */
    ASK_FAILED, /* no answer, or none that says what was asked */
    ASK_RESULTS
};

struct asks {
    struct inquiries inquiries;
    struct map flights; /* struct flight, by id */
    uint64_t last_id;
    struct http_question *waiting, **waiting_end; /* for whoever drives us */
    int64_t next_due;
    uint64_t counts[ASK_OBJECT + 1][ASK_RESULTS];
};

void asks_init(struct asks *asks);
void asks_finish(struct asks *asks); /* after the queue's keys */

/* The plan was made: from now on the key asks what it asks, and nothing else. */
void asks_keep(struct engine *engine, struct key *key, const struct plan *plan);

/* Shows the plan what is known by now. */
void asks_show(const struct engine *engine, const struct key *key, struct arena *arena, struct observed *in);

void asks_answered(struct engine *engine, const struct http_findings *findings);

/* Asks what is due; returns when it wants to be called again. */
int64_t asks_tick(struct engine *engine);
