#pragma once
/*
 * Requests that wait to be sent, and how many are on their way. What brings work on goes before what only tells of it:
 * events, and a status that nothing waits for, get one place of the window as long as anything else wants it, or half
 * of it once many of them wait. The lease's request passes everything.
 */

#include "../http/request.h"

struct outbox_lane {
    struct http_request *first, **end;
    unsigned waiting, in_flight;
};

struct outbox {
    struct outbox_lane work, news;
    struct http_request *urgent; /* at most one */
};

void outbox_init(struct outbox *outbox);
void outbox_finish(struct outbox *outbox);

void outbox_put(struct outbox *outbox, struct http_request *take_request);

/* The request that goes next when `window` may be in flight, or NULL. It stays where it is. */
const struct http_request *outbox_next(const struct outbox *outbox, unsigned window);

/* Takes the request that outbox_next() would give, which must be there. The caller destroys it. */
struct http_request *outbox_take(struct outbox *outbox, unsigned window);

/* A request that was taken has its answer. */
void outbox_answered(struct outbox *outbox, bool urgent, bool patient);

unsigned outbox_in_flight(const struct outbox *outbox); /* without the lease's */
bool outbox_is_idle(const struct outbox *outbox);       /* nothing waits, nothing is in flight */

/* More waits than fits into the window that is under way: a server that cannot keep up. */
bool outbox_is_rushed(const struct outbox *outbox, unsigned window);
