#pragma once
/* Keeps what a watch says, for the tests of its carriers. */

#include "../../operator/kube/watch.h"
#include "unit.h"

enum { RECORDER_MESSAGES = 64 };

static struct {
    unsigned opened, closed, messages, signals;
    char first_bytes[RECORDER_MESSAGES][64];
    size_t lengths[RECORDER_MESSAGES];
    struct watch_signal end; /* its problem is in the next */
    char problem[256];
} seen;

static inline void record(const struct watch_signal *signal)
{
    assert_int_equal(signal->slot, 3);
    assert_int_equal(signal->serial, 7);
    assert_int_equal(seen.closed, 0); /* it is the last signal */
    seen.signals++;
    switch (signal->type) {
    case WATCH_OPENED:
        assert_int_equal(seen.messages, 0);
        seen.opened++;
        break;
    case WATCH_MESSAGE:
        assert_int_equal(seen.opened, 1);
        snprintf(seen.first_bytes[seen.messages % RECORDER_MESSAGES],
                 sizeof(seen.first_bytes[0]),
                 "%.*s",
                 (int)signal->message.length,
                 signal->message.data);
        seen.lengths[seen.messages++ % RECORDER_MESSAGES] = signal->message.length;
        break;
    case WATCH_CLOSED:
        seen.closed++;
        seen.end = *signal;
        snprintf(seen.problem, sizeof(seen.problem), "%s", signal->problem);
        break;
    }
}
