#pragma once
/*
 * Leadership by a coordination.k8s.io Lease, as client-go does it: taken when nobody holds it or when our own clock has
 * seen no change of it for its duration (other machines' times are never compared), renewed by PUT with
 * resourceVersion. Losing it is final: the process exits. Beyond client-go it fences: engine_may_write is false as soon
 * as the last renewal is older than the renew deadline, on a clock that counts suspension.
 */

#include <stdbool.h>
#include <stdint.h>

struct engine;

struct lease {
    char *path; /* of the Lease; NULL: no election, always leading */
    char *name, *namespace;
    bool held;
    bool lost;    /* was held once, is not any more: exit */
    bool leaving; /* it is being given back: nothing may be written any more */
    bool released;
    bool under_way;     /* a request has no answer yet */
    int64_t asked_at;   /* monotonic ms: when that request was sent */
    int64_t renewed_at; /* when the request that last renewed it was sent */
    int64_t next_try;
    char *seen_version; /* resourceVersion of the record we last saw, and when it last changed */
    int64_t seen_at;
    int64_t seen_duration; /* ms, as its holder wrote it */
    int64_t transitions;
    char *acquired; /* acquireTime of our own record */
    bool exists;
};

void lease_init(struct engine *engine);
void lease_finish(struct lease *lease);

/* Does what is due; returns when it wants to be called again. */
int64_t lease_tick(struct engine *engine);

bool lease_is_valid(const struct engine *engine);

/* Gives the lease back, where it is ours, once nothing of ours is in flight; lease->released tells when that is done.
 */
void lease_release(struct engine *engine);
