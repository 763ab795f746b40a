/*
 * forward NETNS PORT...: listens on 127.0.0.1 here and passes each connection on to the same port of 127.0.0.1 in the
 * network namespace NETNS (a file such as /proc/PID/ns/net).
 *
 * A socket belongs to the namespace it was made in: so this process first listens, then moves, then dials. Two threads
 * carry a connection, one a direction.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORTS_MAX = 16, CHUNK = 65536 };

struct connection {
    int ends[2];
    atomic_int directions; /* that are still carried; the last one frees */
};

struct direction {
    struct connection *connection;
    int from; /* index into ends */
};

static void die(const char *what)
{
    fprintf(stderr, "forward: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int listen_on(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 512) < 0)
        die("cannot listen");
    return fd;
}

static int dial(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int write_all(int fd, const char *data, ssize_t length)
{
    while (length > 0) {
        ssize_t written = send(fd, data, (size_t)length, MSG_NOSIGNAL);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        data += written;
        length -= written;
    }
    return 0;
}

/* Until one end has no more to say; the other one is told so. An error ends both directions. */
static void *carry(void *argument)
{
    struct direction direction = *(struct direction *)argument;
    struct connection *connection = direction.connection;
    int from = connection->ends[direction.from], to = connection->ends[!direction.from];
    char chunk[CHUNK];
    ssize_t got;

    free(argument);
    do {
        got = recv(from, chunk, sizeof(chunk), 0);
    } while ((got < 0 && errno == EINTR) || (got > 0 && write_all(to, chunk, got) == 0));
    shutdown(to, got == 0 ? SHUT_WR : SHUT_RDWR);
    if (got != 0)
        shutdown(from, SHUT_RDWR);
    if (atomic_fetch_sub(&connection->directions, 1) == 1) {
        close(from);
        close(to);
        free(connection);
    }
    return NULL;
}

static void start_direction(struct connection *connection, int from)
{
    struct direction *direction = malloc(sizeof(*direction));
    pthread_t thread;

    if (!direction)
        die("no memory");
    *direction = (struct direction){ connection, from };
    errno = pthread_create(&thread, NULL, carry, direction);
    if (errno)
        die("cannot start a thread");
    pthread_detach(thread);
}

static void connect_through(int client, int port)
{
    struct connection *connection;
    int server = dial(port), yes = 1;

    if (server < 0) {
        close(client); /* nobody listens inside: the client sees its connection close */
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    connection = malloc(sizeof(*connection));
    if (!connection)
        die("no memory");
    *connection = (struct connection){ .ends = { client, server }, .directions = 2 };
    start_direction(connection, 0);
    start_direction(connection, 1);
}

int main(int argc, char **argv)
{
    struct pollfd listeners[PORTS_MAX];
    int ports[PORTS_MAX], count = argc - 2, netns;

    if (count < 1 || count > PORTS_MAX) {
        fprintf(stderr, "usage: forward NETNS PORT...\n");
        return 2;
    }
    for (int i = 0; i < count; i++) {
        ports[i] = atoi(argv[2 + i]);
        listeners[i] = (struct pollfd){ .fd = listen_on(ports[i]), .events = POLLIN };
    }
    netns = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (netns < 0 || setns(netns, CLONE_NEWNET) < 0)
        die(argv[1]);
    close(netns);
    for (;;) {
        if (poll(listeners, (nfds_t)count, -1) < 0 && errno != EINTR)
            die("poll");
        for (int i = 0; i < count; i++) {
            int client = listeners[i].revents & POLLIN ? accept4(listeners[i].fd, NULL, NULL, SOCK_CLOEXEC) : -1;

            if (client >= 0)
                connect_through(client, ports[i]);
        }
    }
}
