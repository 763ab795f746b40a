#define _GNU_SOURCE /* ppoll */
#include "wait.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t stop_signal;
static sigset_t while_waiting; /* the mask that lets the signals through */

static void remember_signal(int number)
{
    stop_signal = number;
}

void wait_init(void)
{
    /* A handler is needed even to die: the first process of a container ignores signals without one. */
    struct sigaction action = { .sa_handler = remember_signal };
    sigset_t stops;

    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigprocmask(SIG_BLOCK, &stops, &while_waiting);
    sigdelset(&while_waiting, SIGTERM);
    sigdelset(&while_waiting, SIGINT);
}

int64_t wait_now_microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t wait_now(void)
{
    return wait_now_microseconds() / 1000;
}

int wait_for(struct pollfd *polls, nfds_t count, int64_t deadline, struct error *err)
{
    for (;;) {
        int64_t left = deadline - wait_now();
        struct timespec timeout = { 0 };
        int ready;

        if (left > 0) {
            timeout.tv_sec = (time_t)(left / 1000);
            timeout.tv_nsec = (long)(left % 1000) * 1000000;
        }
        ready = stop_signal ? -1 : ppoll(polls, count, &timeout, &while_waiting);
        if (stop_signal)
            return error_set(
                err, EXIT_SIGNAL + stop_signal, "stopped by %s", stop_signal == SIGINT ? "SIGINT" : "SIGTERM");
        if (ready >= 0)
            return ready > 0;
        if (errno != EINTR)
            return error_set(err, EXIT_FAULT, "cannot wait: %s", strerror(errno));
    }
}

int wait_until(int64_t deadline, struct error *err)
{
    return wait_for(NULL, 0, deadline, err);
}

int wait_take_signal(void)
{
    int taken = stop_signal; /* none comes in between: they are blocked here */

    stop_signal = 0;
    return taken;
}
