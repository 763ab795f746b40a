#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wait.h"

enum { LINGER_MILLISECONDS = 1000 };

static int64_t seconds_from_now(long seconds)
{
    return wait_now() + seconds * 1000;
}

bool connection_is_idle(const struct connection *connection)
{
    return connection->state == READING && connection->received == 0;
}

/* Of a request that has begun, or of the time until one does. */
static void start_reading(struct connection *connection, const struct terms *terms)
{
    connection->state = READING;
    connection->begun = wait_now_microseconds();
    if (connection->received)
        connection->deadline = seconds_from_now(terms->service->settings->request_seconds);
    else
        connection->deadline = wait_now() + terms->idle_milliseconds;
}

void connection_open(struct connection *connection, int take_fd, const struct terms *terms)
{
    connection->fd = take_fd;
    connection->has_ended = false;
    connection->received = 0;
    start_reading(connection, terms);
}

void connection_close(struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
}

short connection_events(const struct connection *connection)
{
    switch (connection->state) {
    case READING:
    case LINGERING:
        return POLLIN;
    case WRITING:
        return POLLOUT;
    case HELD:
        break;
    }
    return 0; /* poll() tells errors unasked */
}

static void hold(struct connection *connection)
{
    connection->sent = 0;
    connection->state = HELD;
    connection->deadline = wait_now() + connection->answer.delay_milliseconds;
}

static void refuse(struct connection *connection, const struct http_problem *problem, const struct terms *terms)
{
    answer_problem(terms->service, problem, &connection->answer);
    connection->closes = true;
    connection->received = 0; /* the rest cannot be understood */
    hold(connection);
}

/* Makes the answer to what was received: false when that is no whole request yet. */
static bool answer_next(struct connection *connection, const struct terms *terms)
{
    struct http_request request;
    struct http_problem problem;
    int found = http_parse(connection->in, connection->received, &request, &problem);

    if (found < 0)
        refuse(connection, &problem, terms);
    if (found <= 0)
        return found < 0;
    connection->closes = !request.keep_alive || (terms->says_close && request.size == connection->received);
    answer_request(terms->service, &request, !connection->closes, &connection->answer);
    connection->received -= request.size;
    memmove(connection->in, connection->in + request.size, connection->received);
    hold(connection);
    return true;
}

static void finish_answer(struct connection *connection, const struct terms *terms)
{
    const struct answer *answer = &connection->answer;

    if (answer->is_counted)
        metrics_count(&terms->service->metrics, answer->status, wait_now_microseconds() - connection->begun);
    if (!connection->closes) {
        start_reading(connection, terms);
    } else if (connection->has_ended) {
        connection_close(connection);
    } else {
        shutdown(connection->fd, SHUT_WR);
        connection->state = LINGERING;
        connection->deadline = wait_now() + LINGER_MILLISECONDS;
    }
}

/* True when it got further: the answer is out, or the connection is gone. */
static bool write_answer(struct connection *connection, const struct terms *terms)
{
    const struct text *text = &connection->answer.text;
    ssize_t moved = send(connection->fd, text->bytes + connection->sent, text->size - connection->sent, MSG_NOSIGNAL);

    if (moved < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (moved < 0) {
        connection_close(connection);
        return true;
    }
    connection->sent += (size_t)moved;
    if (connection->sent == text->size)
        finish_answer(connection, terms);
    return true;
}

static bool stop_holding(struct connection *connection, const struct terms *terms)
{
    if (wait_now() < connection->deadline)
        return false;
    connection->state = WRITING;
    connection->deadline = seconds_from_now(terms->service->settings->request_seconds);
    return true;
}

static bool read_on(struct connection *connection, const struct terms *terms)
{
    if (connection->received && answer_next(connection, terms))
        return true;
    if (connection->has_ended)
        connection_close(connection);
    return false;
}

/* As far as it gets without waiting. */
static void advance(struct connection *connection, const struct terms *terms)
{
    bool moved = true;

    while (moved && connection->fd >= 0) {
        switch (connection->state) {
        case READING:
            moved = read_on(connection, terms);
            break;
        case HELD:
            moved = stop_holding(connection, terms);
            break;
        case WRITING:
            moved = write_answer(connection, terms);
            break;
        case LINGERING:
            moved = false;
            break;
        }
    }
}

/* There is always room: a buffer full of bytes is a whole request, or was refused. */
static void receive(struct connection *connection, const struct terms *terms)
{
    size_t room = sizeof(connection->in) - connection->received;
    bool was_idle = connection->received == 0;
    ssize_t moved = recv(connection->fd, connection->in + connection->received, room, 0);

    if (moved < 0) {
        if (errno != EAGAIN && errno != EINTR)
            connection_close(connection);
        return;
    }
    connection->has_ended = moved == 0;
    connection->received += (size_t)moved;
    if (was_idle)
        start_reading(connection, terms);
    advance(connection, terms);
}

static void discard(struct connection *connection)
{
    char bytes[4096];
    ssize_t moved = recv(connection->fd, bytes, sizeof(bytes), 0);

    if (moved == 0 || (moved < 0 && errno != EAGAIN && errno != EINTR))
        connection_close(connection);
}

void connection_work(struct connection *connection, short events, const struct terms *terms)
{
    if (connection->state == READING)
        receive(connection, terms);
    else if (connection->state == LINGERING)
        discard(connection);
    else if (events & (POLLERR | POLLHUP))
        connection_close(connection);
    else
        advance(connection, terms);
}

void connection_expire(struct connection *connection, const struct terms *terms)
{
    static const struct http_problem slow = { 408, "the request did not come whole in time" };

    if (connection->state == READING && connection->received)
        refuse(connection, &slow, terms);
    else if (connection->state != HELD)
        connection_close(connection);
    if (connection->fd >= 0)
        advance(connection, terms);
}
