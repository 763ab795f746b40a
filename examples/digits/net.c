#define _GNU_SOURCE /* accept4 */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolve.h"
#include "wait.h"

enum {
    BACKLOG = 256,
    TRY_MILLISECONDS = 3000, /* for one attempt to connect */
    FIRST_PAUSE_MILLISECONDS = 100,
    LONGEST_PAUSE_MILLISECONDS = 2000,
};

/* A step's messages are small and all wait for them: do not let the kernel collect more first (Nagle). */
static void send_at_once(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int bind_and_listen(int fd, const void *address, socklen_t size)
{
    int on = 1, off = 0;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    return bind(fd, address, size) < 0 || listen(fd, BACKLOG) < 0 ? -1 : 0;
}

int net_listen(int port, int *ret_fd, struct error *err)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((in_port_t)port) };
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((in_port_t)port) };
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int failed;

    if (fd >= 0) {
        failed = bind_and_listen(fd, &six, sizeof(six));
    } else { /* a kernel without IPv6 */
        fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        failed = bind_and_listen(fd, &four, sizeof(four));
    }
    if (failed) {
        error_set(err, EXIT_FAULT, "cannot listen on port %d: %s", port, strerror(errno));
        close(fd);
        return -1;
    }
    *ret_fd = fd;
    return 0;
}

int net_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0)
        send_at_once(fd);
    return fd;
}

/* Waits for a connection under way. */
static int finish_connect(int fd, int64_t deadline, struct error *err)
{
    struct pollfd poll = { .fd = fd, .events = POLLOUT };
    int failure = 0, ready = wait_for(&poll, 1, deadline, err);
    socklen_t size = sizeof(failure);

    if (ready < 0)
        return -1;
    if (ready == 0)
        return error_set(err, EXIT_FAULT, "the master does not answer");
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure)
        return error_set(err, EXIT_FAULT, "%s", strerror(failure));
    return 0;
}

static int try_connect(const char *name, int port, int *ret_fd, struct error *err)
{
    union address address;
    int fd;

    if (resolve(name, port, &address, err) < 0)
        return -1;
    fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(err, EXIT_FAULT, "cannot make a socket: %s", strerror(errno));
    if (connect(fd, &address.any, sizeof(address)) < 0 && errno != EINPROGRESS) {
        error_set(err, EXIT_FAULT, "%s", strerror(errno));
    } else if (finish_connect(fd, wait_now() + TRY_MILLISECONDS, err) == 0) {
        send_at_once(fd);
        *ret_fd = fd;
        return 0;
    }
    close(fd);
    return -1;
}

int net_connect(const char *name, int port, int64_t deadline, int *ret_fd, struct error *err)
{
    int64_t pause = FIRST_PAUSE_MILLISECONDS;
    struct error last = { 0 }, now;

    while (try_connect(name, port, ret_fd, &now) < 0) {
        if (strcmp(now.message, last.message) != 0)
            printf("waiting for %s:%d: %s\n", name, port, now.message);
        last = now;
        if (wait_now() + pause > deadline)
            return error_set(err, EXIT_PEER, "gave up on %s:%d: %s", name, port, now.message);
        if (wait_until(wait_now() + pause, err) < 0)
            return -1;
        pause = pause * 2 < LONGEST_PAUSE_MILLISECONDS ? pause * 2 : LONGEST_PAUSE_MILLISECONDS;
    }
    return 0;
}

/* What a transfer does when the kernel moved nothing: 0 to try again. */
static int not_moved(int fd, short events, int64_t deadline, struct error *err)
{
    struct pollfd poll = { .fd = fd, .events = events };
    int ready;

    if (errno != EAGAIN && errno != EINTR)
        return error_set(err, EXIT_FAULT, "%s", strerror(errno));
    ready = wait_for(&poll, 1, deadline, err);
    if (ready == 0)
        return error_set(err, EXIT_FAULT, "no answer in time");
    return ready < 0 ? -1 : 0;
}

int net_send(int fd, const void *bytes, size_t size, int64_t deadline, struct error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t moved = send(fd, (const char *)bytes + done, size - done, MSG_NOSIGNAL);

        if (moved >= 0)
            done += (size_t)moved;
        else if (not_moved(fd, POLLOUT, deadline, err) < 0)
            return -1;
    }
    return 0;
}

int net_receive(int fd, void *ret_bytes, size_t size, int64_t deadline, struct error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t moved = recv(fd, (char *)ret_bytes + done, size - done, 0);

        if (moved > 0)
            done += (size_t)moved;
        else if (moved == 0)
            return error_set(err, EXIT_FAULT, "the connection was closed");
        else if (not_moved(fd, POLLIN, deadline, err) < 0)
            return -1;
    }
    return 0;
}
