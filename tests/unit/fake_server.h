#pragma once
/*
 * A server on a port of this machine, without TLS, that says what a test tells it to. Each connection is served by a
 * thread of its own, by the test's function; what was asked is kept for the test to look at.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FAKE_MAX = 64, FAKE_REQUEST = 64 * 1024 };

struct fake_server;

/* Serves one connection, the nth from 0; it is closed when this returns. */
typedef void fake_serve(struct fake_server *server, int fd, unsigned nth);

struct fake_server {
    fake_serve *serve;
    const void *script; /* the test's */
    int listener;
    unsigned port;
    pthread_t thread;
    pthread_t connections[FAKE_MAX];
    atomic_uint connection_count;
    pthread_mutex_t lock;
    char *requests[FAKE_MAX]; /* heads and bodies, in the order in which they were read */
    unsigned request_count;
    atomic_bool stop;
};

struct fake_connection {
    struct fake_server *server;
    int fd;
    unsigned nth;
};

static inline int64_t fake_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void fake_pause(unsigned ms)
{
    usleep(ms * 1000);
}

static inline void fake_send(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length) {
        ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        at += sent;
        length -= (size_t)sent;
    }
}

static inline void fake_says(int fd, const char *text)
{
    fake_send(fd, text, strlen(text));
}

/* Sends an answer with a Content-Length. */
static inline void fake_answers(int fd, const char *status, const char *headers, const char *body)
{
    char head[512];

    snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers, strlen(body));
    fake_says(fd, head);
    fake_says(fd, body);
}

/* Waits until the socket has something, also while the server is told to stop; false then. */
static inline bool fake_wait(struct fake_server *server, int fd)
{
    struct pollfd poller = { fd, POLLIN, 0 };

    while (!atomic_load(&server->stop))
        if (poll(&poller, 1, 20) > 0)
            return true;
    return false;
}

static inline size_t fake_body_length(const char *head)
{
    const char *line = strstr(head, "\r\nContent-Length:");

    return line ? strtoul(line + 17, NULL, 10) : 0;
}

/* How many of the bytes that wait to be read belong to a request; 0: it is not whole yet. */
static inline size_t fake_request_length(char *text, ssize_t length)
{
    const char *end;
    size_t whole;

    if (length <= 0)
        return 0;
    text[length] = '\0';
    end = strstr(text, "\r\n\r\n");
    whole = end ? (size_t)(end - text) + 4 + fake_body_length(text) : 0;
    return whole <= (size_t)length ? whole : 0;
}

static inline void fake_keep(struct fake_server *server, char *text)
{
    pthread_mutex_lock(&server->lock);
    free(server->requests[server->request_count % FAKE_MAX]);
    server->requests[server->request_count++ % FAKE_MAX] = text;
    pthread_mutex_unlock(&server->lock);
}

/*
 * Reads a request with its body, nothing of what follows, and keeps it among the last FAKE_MAX. NULL: the client is
 * gone, or the test is over.
 */
static inline const char *fake_reads(struct fake_server *server, int fd)
{
    char *text = calloc(1, FAKE_REQUEST);

    while (fake_wait(server, fd)) {
        ssize_t got = recv(fd, text, FAKE_REQUEST - 1, MSG_PEEK);
        size_t length = fake_request_length(text, got);

        if (got <= 0)
            break;
        if (!length) {
            fake_pause(1);
            continue;
        }
        text[length] = '\0';
        if (recv(fd, text, length, MSG_WAITALL) != (ssize_t)length)
            break;
        fake_keep(server, text);
        return text;
    }
    free(text);
    return NULL;
}

static inline unsigned fake_request_count(struct fake_server *server)
{
    unsigned count;

    pthread_mutex_lock(&server->lock);
    count = server->request_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

static inline const char *fake_request(struct fake_server *server, unsigned nth)
{
    const char *text;

    pthread_mutex_lock(&server->lock);
    text = nth < server->request_count ? server->requests[nth] : "";
    pthread_mutex_unlock(&server->lock);
    return text;
}

static inline void *fake_serve_one(void *context)
{
    struct fake_connection *connection = context;
    int one = 1;

    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    connection->server->serve(connection->server, connection->fd, connection->nth);
    close(connection->fd);
    free(connection);
    return NULL;
}

static inline void *fake_accept_all(void *context)
{
    struct fake_server *server = context;

    while (fake_wait(server, server->listener)) {
        struct fake_connection *connection = calloc(1, sizeof(*connection));
        unsigned nth = atomic_load(&server->connection_count);

        *connection = (struct fake_connection){ server, accept(server->listener, NULL, NULL), nth };
        if (nth == FAKE_MAX || connection->fd < 0)
            abort();
        atomic_store(&server->connection_count, nth + 1); /* before anybody can have an answer */
        if (pthread_create(&server->connections[nth], NULL, fake_serve_one, connection) != 0)
            abort();
    }
    return NULL;
}

static inline void fake_start(struct fake_server *server, fake_serve *serve, const void *script)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(address);

    memset(server, 0, sizeof(*server));
    server->serve = serve;
    server->script = script;
    pthread_mutex_init(&server->lock, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(server->listener, 16) < 0)
        abort();
    getsockname(server->listener, (struct sockaddr *)&address, &length);
    server->port = ntohs(address.sin_port);
    if (pthread_create(&server->thread, NULL, fake_accept_all, server) != 0)
        abort();
}

static inline void fake_stop(struct fake_server *server)
{
    atomic_store(&server->stop, true);
    pthread_join(server->thread, NULL);
    for (unsigned i = 0; i < atomic_load(&server->connection_count); i++)
        pthread_join(server->connections[i], NULL);
    close(server->listener);
    for (unsigned i = 0; i < server->request_count && i < FAKE_MAX; i++)
        free(server->requests[i]);
    pthread_mutex_destroy(&server->lock);
}
