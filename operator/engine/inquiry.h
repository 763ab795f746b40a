#pragma once
/*
 * What one key asks others: the questions of its last plan, and what came of each. A question that is asked again stays
 * as it is, with its answer; one that is not is forgotten.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../model/plan.h"

struct key;
struct inquiry;

enum {
    INQUIRY_MAX = 16,             /* questions of a plan; what is beyond is not asked */
    INQUIRY_MAX_IN_FLIGHT = 4,    /* of them at once: one that does not answer leaves room to others */
    INQUIRY_MAX_REQUESTS = 20,    /* of a probe */
    INQUIRY_MAX_BODY = 64 * 1024, /* of an answer */
    INQUIRY_MAX_TIMEOUT_MS = 60000,
};

/* Keys that ask, in the order of their turns. */
struct inquiries {
    struct inquiry *first, *last;
    size_t count;
};

/* A question, and its last answer. Texts are owned. */
struct asked {
    struct ask ask;
    int64_t due_at;   /* monotonic ms */
    uint64_t flight;  /* what its answer comes with; 0: it is not under way */
    int64_t asked_at; /* seconds since 1970, of the one under way */
    bool is_answered;
    struct answer answer;
};

struct inquiry {
    struct inquiries *list;
    struct inquiry *next, *previous;
    struct key *key;
    struct asked *items;
    size_t count;
};

/* Of a key that has none, at the end of the list. */
struct inquiry *inquiry_create(struct inquiries *list, struct key *key);
void inquiry_destroy(struct inquiry *inquiry); /* leaves its list; NULL is fine */

/* Takes over the questions of a plan, copied; new ones are due `now`. */
void inquiry_replace(struct inquiry *inquiry, const struct plan *plan, int64_t now);

/* The question that is due longest; NULL: none is, and *next is not after the time when one will be. */
struct asked *inquiry_due(struct inquiry *inquiry, int64_t now, int64_t *next);

struct asked *inquiry_find(struct inquiry *inquiry, uint64_t flight); /* NULL: forgotten meanwhile */
void inquiry_take_turn(struct inquiry *inquiry);                      /* it goes to the end of the list */

/* Replaces the answer by a copy; `key` and `at` are the question's own. */
void asked_settle(struct asked *asked, const struct answer *answer);
