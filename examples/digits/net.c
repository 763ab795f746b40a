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
