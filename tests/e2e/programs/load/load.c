/*
 * load: asks one path again and again, at a constant rate, and says whether any request failed.
 *
 * Half of the requests come on connections of their own, half on connections that are kept: those show different
 * mistakes of whoever moves traffic. Each is due at a fixed time, whatever became of those before, and time counts from
 * then. Nothing is asked twice: a kept connection that breaks under a request is a failure, though HTTP would let a
 * client try again; one that is closed while idle is replaced. One thread, plain sockets, HTTP/1.1, nothing hidden.
 *
 * Prints "requests N failed M" and, a line each, how many came fresh and kept, from whom the answers were, and why
 * requests failed. Exits with 0 when at least one request was made and none failed.
 */
#define _GNU_SOURCE /* memmem, ppoll */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "record.h"
#include "response.h"

enum { CONNECTIONS_MAX = 4000, KEPT = 10, TEXT_SIZE = 80 };

enum state { FREE, CONNECTING, WAITING, IDLE };

struct connection {
    int fd;
    enum state state;
    bool kept;
    int64_t due, deadline; /* of its request; of an idle one, due is when that was */
    size_t length;
    char bytes[RESPONSE_MAX];
};

static struct options {
    const char *address, *host, *path, *contains, *answer_header, *log;
    double status, rate, seconds, deadline;
} options = { .path = "/", .status = 200, .rate = 200, .seconds = 1e9, .deadline = 5 };

static struct connection connections[CONNECTIONS_MAX];
static struct addrinfo *address;
static char requests[2][1024]; /* fresh, kept */
static int in_flight, connections_kept;
static volatile sig_atomic_t is_stopped;

static void die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(2);
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void drop(struct connection *connection)
{
    if (connection->fd >= 0)
        close(connection->fd);
    connections_kept -= connection->kept;
    connection->state = FREE;
}

static void end_request(struct connection *connection)
{
    in_flight--;
    drop(connection);
}

__attribute__((format(printf, 3, 4))) static void fail(struct connection *connection,
                                                       int status,
                                                       const char *format,
                                                       ...)
{
    char text[TEXT_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    record_request(connection->kept, false, status, now_us() - connection->due, text);
    end_request(connection);
}

/* A request is short: a socket that does not take it whole at once is broken. */
static void write_request(struct connection *connection)
{
    const char *text = requests[connection->kept];

    connection->state = WAITING;
    connection->length = 0;
    if (send(connection->fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        fail(connection, 0, "cannot send: %s", strerror(errno));
}

static void start_connection(struct connection *connection)
{
    connection->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        die("no more sockets");
    connection->state = CONNECTING;
    record_connection(connection->kept);
    connections_kept += connection->kept;
    if (connect(connection->fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
        fail(connection, 0, "cannot connect: %s", strerror(errno));
}

/* Whether the connection that a socket was opened for stands. */
static void finish_connection(struct connection *connection)
{
    int error = 0;
    socklen_t size = sizeof(error);

    getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error)
        fail(connection, 0, "cannot connect: %s", strerror(error));
    else
        write_request(connection);
}

static struct connection *free_connection(void)
{
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        if (connections[i].state == FREE)
            return &connections[i];
    die("more requests at once than this program has room for");
    return NULL;
}

/* The one that has been idle longest, so that all of them grow old; NULL while there are too few, or all are busy. */
static struct connection *idle_connection(void)
{
    struct connection *oldest = NULL;

    if (connections_kept < KEPT)
        return NULL;
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        if (connections[i].state == IDLE && (!oldest || connections[i].due < oldest->due))
            oldest = &connections[i];
    return oldest;
}

static void start_request(bool kept, int64_t due)
{
    struct connection *connection = kept ? idle_connection() : NULL;
    bool is_open = connection != NULL;

    connection = is_open ? connection : free_connection();
    connection->kept = kept;
    connection->due = due;
    connection->deadline = due + (int64_t)(options.deadline * 1e6);
    in_flight++;
    if (is_open)
        write_request(connection);
    else
        start_connection(connection);
}

static void judge(struct connection *connection, const struct response *response)
{
    char text[TEXT_SIZE];

    if (response->status != (int)options.status) {
        fail(connection, response->status, "status %d", response->status);
        return;
    }
    if (options.contains &&
        !memmem(response->body, response->body_length, options.contains, strlen(options.contains))) {
        fail(connection, response->status, "another body");
        return;
    }
    response_answer(response, options.answer_header, text, sizeof(text));
    record_request(connection->kept, true, response->status, now_us() - connection->due, text);
    if (!connection->kept || response->is_last) {
        end_request(connection);
        return;
    }
    in_flight--;
    connection->state = IDLE;
}

static void read_response(struct connection *connection)
{
    char *end = connection->bytes + connection->length;
    ssize_t n = recv(connection->fd, end, RESPONSE_MAX - 1 - connection->length, 0);
    struct response response;
    int result;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        fail(connection, 0, "cannot read: %s", strerror(errno));
        return;
    }
    connection->length += (size_t)n;
    connection->bytes[connection->length] = '\0';
    result = response_parse(connection->bytes, connection->length, n == 0, &response);
    if (result > 0)
        judge(connection, &response);
    else if (result < 0 || connection->length == RESPONSE_MAX - 1)
        fail(connection, 0, "not an answer that HTTP knows");
    else if (n == 0)
        fail(connection, 0, "closed before the answer");
}

static void handle(struct connection *connection)
{
    switch (connection->state) {
    case CONNECTING:
        finish_connection(connection);
        break;
    case WAITING:
        read_response(connection);
        break;
    case IDLE: /* nothing is asked, so whatever comes is the end */
        drop(connection);
        break;
    case FREE:
        break;
    }
}

static void expire(int64_t now)
{
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *connection = &connections[i];

        if ((connection->state == CONNECTING || connection->state == WAITING) && connection->deadline <= now)
            fail(connection, 0, "no answer within %g s", options.deadline);
    }
}

/* Until something happens, the next request is due, or 20 ms, after which deadlines are looked at. */
static void wait_for_events(int64_t next)
{
    static struct pollfd fds[CONNECTIONS_MAX];
    static struct connection *owners[CONNECTIONS_MAX];
    nfds_t count = 0;
    int64_t left = next - now_us();
    struct timespec timeout = { .tv_nsec = (left < 0 ? 0 : left > 20000 ? 20000 : left) * 1000 };

    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        if (connections[i].state == FREE)
            continue;
        fds[count] = (struct pollfd){ connections[i].fd, connections[i].state == CONNECTING ? POLLOUT : POLLIN, 0 };
        owners[count++] = &connections[i];
    }
    if (ppoll(fds, count, &timeout, NULL) <= 0)
        return;
    for (nfds_t i = 0; i < count; i++)
        if (fds[i].revents)
            handle(owners[i]);
}

/* What is under way when the time is over still gets its answer, or its deadline. */
static void run(void)
{
    int64_t begin = now_us(), interval = (int64_t)(1e6 / options.rate), next = begin;
    int64_t end = begin + (int64_t)(options.seconds * 1e6);
    long number = 0;

    for (;;) {
        int64_t now = now_us();
        bool is_ending = is_stopped || next >= end;

        if (is_ending && in_flight == 0)
            return;
        for (; !is_ending && next <= now && next < end; next += interval)
            start_request(number++ % 2 == 1, next);
        expire(now);
        wait_for_events(is_ending ? INT64_MAX : next);
    }
}

static void stop(int signal)
{
    (void)signal;
    is_stopped = 1;
}

static void usage(void)
{
    die("usage: load --address HOST:PORT [--host NAME] [--path PATH] [--log FILE] [--rate REQUESTS-A-SECOND]\n"
        "      [--seconds N] [--deadline SECONDS] [--status N] [--contains TEXT] [--answer-header NAME]\n"
        "It ends after so many seconds or on SIGTERM. An answer is named by that header, or by its body's first line.");
}

static void parse_options(int argc, char **argv)
{
    static const struct option known[] = {
        { "address", 1, 0, 'a' },
        { "host", 1, 0, 'h' },
        { "path", 1, 0, 'p' },
        { "contains", 1, 0, 'c' },
        { "log", 1, 0, 'l' },
        { "status", 1, 0, 'x' },
        { "rate", 1, 0, 'r' },
        { "seconds", 1, 0, 's' },
        { "deadline", 1, 0, 'd' },
        { "answer-header", 1, 0, 'n' },
        { 0 },
    };
    const char **texts[] = { ['a'] = &options.address,  ['h'] = &options.host, ['p'] = &options.path,
                             ['c'] = &options.contains, ['l'] = &options.log,  ['n'] = &options.answer_header };
    double *numbers[] = {
        ['x'] = &options.status, ['r'] = &options.rate, ['s'] = &options.seconds, ['d'] = &options.deadline
    };
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == '?')
            usage();
        else if (strchr("xrsd", option))
            *numbers[option] = atof(optarg);
        else
            *texts[option] = optarg;
    }
    if (optind != argc || !options.address || options.rate <= 0 || options.rate > 10000 || options.deadline <= 0)
        usage();
}

static void prepare(void)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    char host[256];
    const char *colon = strrchr(options.address, ':');

    if (!colon || (size_t)(colon - options.address) >= sizeof(host))
        usage();
    snprintf(host, sizeof(host), "%.*s", (int)(colon - options.address), options.address);
    if (getaddrinfo(host, colon + 1, &hints, &address) != 0)
        die("there is no such address");
    for (int kept = 0; kept < 2; kept++)
        if (snprintf(requests[kept],
                     sizeof(requests[kept]),
                     "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: kitae-load\r\n%s\r\n",
                     options.path,
                     options.host ? options.host : options.address,
                     kept ? "" : "Connection: close\r\n") >= (int)sizeof(requests[kept]))
            die("the path is too long");
    if (record_open(options.log ? options.log : "/dev/null") < 0)
        die("cannot write the log");
}

int main(int argc, char **argv)
{
    const struct sigaction action = { .sa_handler = stop };

    parse_options(argc, argv);
    prepare();
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    run();
    freeaddrinfo(address);
    return record_print();
}
