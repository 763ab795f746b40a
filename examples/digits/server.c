#include "server.h"

#include <stdio.h>
#include <unistd.h>

#include "model_file.h"
#include "net.h"
#include "wait.h"

enum { LAST_MILLISECONDS = 1000 }; /* for idle connections, when closing */

static struct terms terms_of(struct server *server)
{
    int64_t idle = server->service.settings->idle_seconds * 1000;

    return (struct terms){
        .service = &server->service,
        .idle_milliseconds = server->stage == CLOSING ? LAST_MILLISECONDS : idle,
        .says_close = server->stage != SERVING,
    };
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int server_init(struct server *server, const struct settings *settings, struct error *err)
{
    service_init(&server->service, settings);
    server->stage = SERVING;
    server->load_at = wait_now() + settings->start_delay_seconds * 1000;
    server->used = 0;
    server->listener = -1;
    if (net_listen((int)settings->port, &server->listener, err) < 0)
        return -1;
    printf("listening on port %ld\n", settings->port);
    return 0;
}

void server_finish(struct server *server)
{
    for (size_t i = 0; i < server->used; i++)
        if (server->connections[i].fd >= 0)
            connection_close(&server->connections[i]);
    if (server->listener >= 0)
        close(server->listener);
}

static int load_model(struct server *server, struct error *err)
{
    static struct model model; /* large */
    const char *folder = server->service.settings->model_folder;

    if (model_load(folder, &model, err) < 0)
        return -1;
    service_take_model(&server->service, &model);
    printf("model %s from %s: %zu weights\n", server->service.model_name, folder, model.count);
    return 0;
}

/* -- connections --------------------------------------------------------------------------------------------------- */

/* NULL: all places are taken. */
static struct connection *free_place(struct server *server)
{
    for (size_t i = 0; i < server->used; i++)
        if (server->connections[i].fd < 0)
            return &server->connections[i];
    return server->used < CONNECTIONS_MAX ? &server->connections[server->used++] : NULL;
}

static void let_in(struct server *server)
{
    struct terms terms = terms_of(server);
    struct connection *connection;

    while ((connection = free_place(server))) {
        int fd = net_accept(server->listener);

        connection->fd = -1;
        if (fd < 0)
            return;
        connection_open(connection, fd, &terms);
    }
}

/* Returns how many places are in use, and no place behind the last of them. */
static size_t count_connections(struct server *server)
{
    size_t count = 0;

    while (server->used > 0 && server->connections[server->used - 1].fd < 0)
        server->used--;
    for (size_t i = 0; i < server->used; i++)
        count += server->connections[i].fd >= 0;
    return count;
}

/* -- the end ------------------------------------------------------------------------------------------------------- */

static void start_closing(struct server *server)
{
    int64_t last = wait_now() + LAST_MILLISECONDS;

    let_in(server); /* who is through the kernel's door already */
    close(server->listener);
    server->listener = -1;
    server->stage = CLOSING;
    for (size_t i = 0; i < server->used; i++)
        if (connection_is_idle(&server->connections[i]))
            server->connections[i].deadline = earlier(server->connections[i].deadline, last);
    printf("closing: %zu connections are open\n", count_connections(server));
}

/* Without a model nobody has been sent here. */
static void stop(struct server *server)
{
    if (server->stage == SERVING && server->service.has_model) {
        server->stage = DRAINING;
        server->drained_at = wait_now() + server->service.settings->drain_seconds * 1000;
        printf("draining for %ld s\n", server->service.settings->drain_seconds);
    } else if (server->stage != CLOSING) {
        start_closing(server);
    }
}

/* -- the loop ------------------------------------------------------------------------------------------------------ */

/* What is due by itself. */
static int keep_time(struct server *server, struct error *err)
{
    struct terms terms = terms_of(server);
    int64_t now = wait_now();

    for (size_t i = 0; i < server->used; i++)
        if (server->connections[i].fd >= 0 && now >= server->connections[i].deadline)
            connection_expire(&server->connections[i], &terms);
    if (server->stage == SERVING && !server->service.has_model && now >= server->load_at)
        return load_model(server, err);
    if (server->stage == DRAINING && now >= server->drained_at)
        start_closing(server);
    return 0;
}

/* Fills `polls`, the listener first; returns the first deadline. */
static int64_t prepare(struct server *server, size_t open)
{
    int64_t deadline = wait_now() + 3600000;

    if (server->stage == SERVING && !server->service.has_model)
        deadline = earlier(deadline, server->load_at);
    if (server->stage == DRAINING)
        deadline = earlier(deadline, server->drained_at);
    server->polls[0] = (struct pollfd){ open < CONNECTIONS_MAX ? server->listener : -1, POLLIN, 0 };
    for (size_t i = 0; i < server->used; i++) {
        const struct connection *connection = &server->connections[i];

        server->polls[i + 1] = (struct pollfd){ connection->fd, connection_events(connection), 0 };
        if (connection->fd >= 0)
            deadline = earlier(deadline, connection->deadline);
    }
    return deadline;
}

static void work(struct server *server)
{
    struct terms terms = terms_of(server);

    for (size_t i = 0; i < server->used; i++)
        if (server->polls[i + 1].revents)
            connection_work(&server->connections[i], server->polls[i + 1].revents, &terms);
    if (server->polls[0].revents)
        let_in(server);
}

int server_run(struct server *server, struct error *err)
{
    for (;;) {
        size_t open = count_connections(server);
        int64_t deadline;
        int ready;

        if (server->stage == CLOSING && open == 0)
            return 0;
        deadline = prepare(server, open);
        ready = wait_for(server->polls, server->used + 1, deadline, err);
        if (ready > 0)
            work(server);
        if (ready < 0 && wait_take_signal() == 0)
            return -1;
        if (ready < 0)
            stop(server);
        if (keep_time(server, err) < 0)
            return -1;
    }
}
