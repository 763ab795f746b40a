#include "poller.h"

#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../base/error.h"
#include "../base/memory.h"

struct poller {
    CURLM *multi;
    int epoll, wakeup;
    int64_t timer; /* when curl wants to be called, monotonic ms; INT64_MAX: never */
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What we assign to a socket: whether curl has ever waited for bytes from it. */
static char connecting, connected;

/*
 * curl wants to know other things of a socket than before, or nothing any more. One that is still connecting it (7.88)
 * has closed by then, so that its number may be that of another file, in another thread: it has left the epoll by
 * being closed, and is not touched any more.
 */
static int socket_changed(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
    struct poller *poller = context;
    struct epoll_event event = { .data.fd = socket };

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (known == &connected)
            epoll_ctl(poller->epoll, EPOLL_CTL_DEL, socket, NULL);
        curl_multi_assign(poller->multi, socket, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    if (epoll_ctl(poller->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) < 0)
        return -1;
    curl_multi_assign(poller->multi, socket, known == &connected || what & CURL_POLL_IN ? &connected : &connecting);
    return 0;
}

static int timer_changed(CURLM *multi, long timeout_ms, void *context)
{
    struct poller *poller = context;

    (void)multi;
    poller->timer = timeout_ms < 0 ? INT64_MAX : timeout_ms == 0 ? 0 : now_ms() + timeout_ms;
    return 0;
}

struct poller *poller_create(CURLM *multi)
{
    struct poller *poller = xcalloc(1, sizeof(*poller));
    struct epoll_event event = { .events = EPOLLIN };

    *poller = (struct poller){ .multi = multi, .timer = INT64_MAX };
    poller->epoll = epoll_create1(EPOLL_CLOEXEC);
    event.data.fd = poller->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (poller->epoll < 0 || epoll_ctl(poller->epoll, EPOLL_CTL_ADD, poller->wakeup, &event) < 0)
        BUG("no epoll");
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, poller);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_changed);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, poller);
    return poller;
}

void poller_destroy(struct poller *poller)
{
    if (!poller)
        return;
    close(poller->epoll);
    close(poller->wakeup);
    free(poller);
}

static int time_left(const struct poller *poller, int timeout_ms)
{
    int64_t left;

    if (!poller->timer)
        return 0;
    if (poller->timer == INT64_MAX)
        return timeout_ms;
    left = poller->timer - now_ms();
    return left <= 0 ? 0 : left < timeout_ms ? (int)left : timeout_ms;
}

void poller_wait(struct poller *poller, const int *fds, size_t count, int timeout_ms)
{
    struct pollfd list[POLLER_MAX_FDS + 1] = { { poller->epoll, POLLIN, 0 } };
    int left = time_left(poller, timeout_ms);
    nfds_t used = 1;

    if (!left)
        return;
    for (size_t i = 0; i < count && i < POLLER_MAX_FDS; i++)
        list[used++] = (struct pollfd){ fds[i], POLLIN, 0 }; /* negative ones are ignored */
    poll(list, used, left);
}

void poller_wakeup(struct poller *poller)
{
    uint64_t one = 1;

    if (write(poller->wakeup, &one, sizeof(one)) < 0)
        return; /* full: it is awake */
}

static void read_wakeup(const struct poller *poller)
{
    uint64_t count;

    if (read(poller->wakeup, &count, sizeof(count)) < 0)
        return;
}

static int action_of(uint32_t events)
{
    return (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
           (events & EPOLLERR ? CURL_CSELECT_ERR : 0);
}

void poller_step(struct poller *poller)
{
    struct epoll_event events[32];
    int count = epoll_wait(poller->epoll, events, ARRAY_SIZE(events), 0), running;

    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == poller->wakeup)
            read_wakeup(poller);
        else
            curl_multi_socket_action(poller->multi, events[i].data.fd, action_of(events[i].events), &running);
    }
    if (!time_left(poller, 1)) {
        poller->timer = INT64_MAX; /* curl sets it again when it wants to */
        curl_multi_socket_action(poller->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}
