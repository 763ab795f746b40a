#pragma once
/* How much at once, how soon again, how fast: the arithmetic of the scheduler. Pure; the caller says what time it is.
 */

#include <stdint.h>

/* How many requests may be under way: halved by SlowDown, one more after each full window that went well. */
struct pace_window {
    unsigned size, maximum;
    unsigned fine; /* that ended well since the last change */
    int64_t cut_at;
};

enum { PACE_CUT_MS = 1000 }; /* answers to one burst cut it once */

void pace_window_init(struct pace_window *window, unsigned maximum);
void pace_window_fine(struct pace_window *window);
void pace_window_slow(struct pace_window *window, int64_t now_ms);

enum { PACE_DELAY_MAX_MS = 20 * 1000 };

/*
 * Before the nth retry, from 0: anything up to first_ms * 2^n and PACE_DELAY_MAX_MS ("Exponential Backoff And Jitter",
 * AWS architecture blog: full jitter), picked by `random`.
 */
unsigned pace_delay_ms(unsigned first_ms, unsigned nth, uint64_t random);

/* A token bucket that may go into debt: what was spent too much is waited for. */
struct pace_bucket {
    uint64_t per_second; /* 0: no limit */
    int64_t balance;     /* bytes times 1000 */
    int64_t at_ms;
};

void pace_bucket_init(struct pace_bucket *bucket, uint64_t per_second, int64_t now_ms);
void pace_bucket_spend(struct pace_bucket *bucket, uint64_t bytes);

/* Milliseconds until more may be spent; 0: now. */
unsigned pace_bucket_wait_ms(struct pace_bucket *bucket, int64_t now_ms);
