#pragma once
/*
 * The only place where this program sleeps. SIGTERM and SIGINT are blocked everywhere else, so a signal can neither
 * interrupt a calculation nor slip in between a check and a sleep: it arrives here, and becomes an ordinary error.
 */

#include <poll.h>
#include <stdint.h>

#include "error.h"

/* Blocks the signals. Call once, before anything else. */
void wait_init(void);

/* Milliseconds on the monotonic clock. All deadlines are moments on it. */
int64_t wait_now(void);
int64_t wait_now_microseconds(void); /* on the same clock, to measure with */

/*
 * Waits until one of the descriptors is ready: 1, or 0 when the deadline came first. -1 when a signal asked this
 * process to stop, from then on every time; the exit code is then 128 + n.
 */
int wait_for(struct pollfd *polls, nfds_t count, int64_t deadline, struct error *err);

/* Sleeps until the deadline; one that is past still looks for a signal. */
int wait_until(int64_t deadline, struct error *err);

/* The signal that asked this process to stop, or 0. Waiting works again after it, for who has something left to do. */
int wait_take_signal(void);
