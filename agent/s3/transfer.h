#pragma once
/*
 * The scheduler: one bucket, up to N requests under way, in one thread. Operations (get.h, put.h, list.h, delete.h) are
 * started and report by callbacks from inside s3_step; they may start others from there. Retries, with full jitter, of
 * what may pass (5xx, broken connections, stalls); a window of requests under way that SlowDown halves and success
 * grows back; a cap on bytes per second; one correction of a clock that is wrong; credentials renewed before they end.
 *
 *     s3 = s3_create(&settings, &failure);
 *     do
 *         while (s3_room(s3) && (object = s3_listing_next(listing)))
 *             start_get(object);
 *     while (s3_step(s3, 1000));
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "../reason.h"
#include "location.h"

struct s3;

struct s3_settings {
    const struct s3_location *location;       /* outlives the struct s3 */
    unsigned connections;                     /* 0: 16 */
    uint64_t max_bytes_per_second;            /* of bodies, both ways together; 0: no cap */
    unsigned attempts;                        /* of one request; 0: 10 */
    unsigned first_delay_ms;                  /* retries wait up to this, then up to twice that...; 0: 200 */
    unsigned stall_ms;                        /* without a byte for so long a request is tried again; 0: 30 s */
    const volatile sig_atomic_t *interrupted; /* not 0: everything ends with REASON_INTERRUPTED; NULL: never */
};

struct s3_counters {
    uint64_t requests, retries, slow_downs;
    uint64_t bytes_received, bytes_sent; /* of bodies that were answered well, repeated ones too */
};

/* Loads credentials, unless the location is anonymous: may block for a request to STS. NULL on failure. */
struct s3 *s3_create(const struct s3_settings *settings, struct failure *failure) must_check;
void s3_destroy(struct s3 *s3); /* what is under way ends with REASON_INTERRUPTED; NULL is fine */

/* Called once, at the end of an operation; failure is NULL when it went well, else borrowed. */
typedef void s3_done(void *context, const struct failure *failure);

/* Moves everything on, waiting up to wait_ms when nothing can be; false when no operation is left. */
bool s3_step(struct s3 *s3, int wait_ms);

/*
 * Whether one more operation would find work: keep giving while it is true and no longer, and queues stay short. Never
 * when interrupted: whoever loops until all is given asks s3_check too.
 */
bool s3_room(const struct s3 *s3);

/* -1 and REASON_INTERRUPTED when it was told to stop. */
int s3_check(const struct s3 *s3, struct failure *failure);

struct s3_counters s3_counters(const struct s3 *s3);
const struct s3_location *s3_location(const struct s3 *s3);
