#include "pace.h"

void pace_window_init(struct pace_window *window, unsigned maximum)
{
    *window = (struct pace_window){ .size = maximum, .maximum = maximum, .cut_at = INT64_MIN / 2 };
}

void pace_window_fine(struct pace_window *window)
{
    if (window->size == window->maximum || ++window->fine < window->size)
        return;
    window->size++;
    window->fine = 0;
}

void pace_window_slow(struct pace_window *window, int64_t now_ms)
{
    if (now_ms - window->cut_at < PACE_CUT_MS)
        return;
    window->cut_at = now_ms;
    window->size = window->size > 1 ? window->size / 2 : 1;
    window->fine = 0;
}

unsigned pace_delay_ms(unsigned first_ms, unsigned nth, uint64_t random)
{
    uint64_t most = (uint64_t)first_ms << (nth < 16 ? nth : 16);

    return (unsigned)(random % ((most < PACE_DELAY_MAX_MS ? most : PACE_DELAY_MAX_MS) + 1));
}

void pace_bucket_init(struct pace_bucket *bucket, uint64_t per_second, int64_t now_ms)
{
    *bucket = (struct pace_bucket){ .per_second = per_second, .at_ms = now_ms };
}

void pace_bucket_spend(struct pace_bucket *bucket, uint64_t bytes)
{
    if (bucket->per_second)
        bucket->balance -= (int64_t)bytes * 1000;
}

/* Nothing is saved up while idle: a burst above the limit would be one. */
unsigned pace_bucket_wait_ms(struct pace_bucket *bucket, int64_t now_ms)
{
    int64_t wait;

    if (!bucket->per_second)
        return 0;
    bucket->balance += (now_ms - bucket->at_ms) * (int64_t)bucket->per_second;
    bucket->at_ms = now_ms;
    if (bucket->balance >= 0) {
        bucket->balance = 0;
        return 0;
    }
    wait = -bucket->balance / (int64_t)bucket->per_second + 1;
    return wait < INT32_MAX ? (unsigned)wait : INT32_MAX;
}
