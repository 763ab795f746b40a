#include "join.h"

#include <stdio.h>
#include <unistd.h>

#include "frame.h"
#include "net.h"
#include "wait.h"

enum {
    HELLO_MILLISECONDS = 2000,  /* for a new connection to say who it is */
    MARGIN_MILLISECONDS = 5000, /* what workers wait longer: rank 0 knows who is missing */
};

/* Looks at what a worker said; afterwards the group owns the connection. */
static int admit(struct group *group, int fd, const struct frame_hello *hello, uint64_t settings, struct error *err)
{
    uint32_t world = (uint32_t)group->world;

    if (hello->world != world || hello->rank == 0 || hello->rank >= world) {
        close(fd);
        return error_set(
            err, EXIT_FAULT, "a worker says it is rank %u of %u, not one of %u", hello->rank, hello->world, world);
    }
    if (group->fds[hello->rank] >= 0) {
        close(fd);
        return error_set(err, EXIT_FAULT, "two workers say they are rank %u", hello->rank);
    }
    group->fds[hello->rank] = fd;
    if (hello->settings != settings)
        return error_set(err, EXIT_FAULT, "rank %u has other flags than rank 0", hello->rank);
    printf("rank %u is here\n", hello->rank);
    return 0;
}

/* Anything may knock at an open port: what is not a worker is sent away and does no harm. */
static int answer_door(struct group *group, int listener, uint64_t settings, struct error *err)
{
    int64_t deadline = wait_now() + HELLO_MILLISECONDS;
    struct frame_hello hello;
    struct error stranger;
    int fd = net_accept(listener);

    if (fd < 0)
        return 0;
    if (frame_receive(fd, FRAME_HELLO, &hello, sizeof(hello), deadline, &stranger) < 0) {
        printf("ignoring a connection that is not from a worker: %s\n", stranger.message);
        close(fd);
        return 0;
    }
    return admit(group, fd, &hello, settings, err);
}

static int count_missing(const struct group *group, int *ret_first)
{
    int missing = 0;

    for (int rank = group->world - 1; rank > 0; rank--)
        if (group->fds[rank] < 0) {
            missing++;
            *ret_first = rank;
        }
    return missing;
}

/* One look at the port and, since a worker that waits has nothing to say but its end, at those who are here. */
static int gather_more(struct group *group, int listener, uint64_t settings, int64_t deadline, struct error *err)
{
    struct pollfd polls[PLACE_WORLD_MAX];
    int first = 0, missing = count_missing(group, &first), ready;

    polls[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
    for (int rank = 1; rank < group->world; rank++)
        polls[rank] = (struct pollfd){ .fd = group->fds[rank], .events = POLLIN };
    ready = wait_for(polls, (nfds_t)group->world, deadline, err);
    if (ready < 0)
        return -1;
    if (ready == 0)
        return error_set(
            err, EXIT_PEER, "%d of %d ranks did not come, the first of them rank %d", missing, group->world, first);
    for (int rank = 1; rank < group->world; rank++)
        if (polls[rank].revents)
            return error_set(err, EXIT_PEER, "lost rank %d while waiting for the others", rank);
    return answer_door(group, listener, settings, err);
}

static int start_all(struct group *group, struct error *err)
{
    for (int rank = 1; rank < group->world; rank++)
        if (frame_send(group->fds[rank], FRAME_START, NULL, 0, wait_now() + group->timeout, err) < 0)
            return error_set(err, EXIT_PEER, "lost rank %d at the start", rank);
    return 0;
}

static int join_as_master(struct group *group, int port, uint64_t settings, int64_t deadline, struct error *err)
{
    int listener, first, result = 0;

    if (net_listen(port, &listener, err) < 0)
        return -1;
    printf("waiting for %d workers on port %d\n", group->world - 1, port);
    while (result == 0 && count_missing(group, &first) > 0)
        result = gather_more(group, listener, settings, deadline, err);
    close(listener);
    return result < 0 ? -1 : start_all(group, err);
}

static int join_as_worker(
    struct group *group, const struct place *place, uint64_t settings, int64_t deadline, struct error *err)
{
    struct frame_hello hello = { settings, (uint32_t)place->rank, (uint32_t)place->world };

    if (net_connect(place->address, place->port, deadline, &group->fds[0], err) < 0)
        return -1;
    printf("rank %d of %d: connected to %s:%d\n", place->rank, place->world, place->address, place->port);
    if (frame_send(group->fds[0], FRAME_HELLO, &hello, sizeof(hello), deadline, err) < 0 ||
        frame_receive(group->fds[0], FRAME_START, NULL, 0, deadline, err) < 0)
        return group_name_peer(0, err);
    return 0;
}

int join(struct group *group,
         const struct place *place,
         uint64_t settings,
         int64_t patience,
         int64_t timeout,
         struct error *err)
{
    int64_t deadline = wait_now() + patience;

    *group = (struct group){ .rank = place->rank, .world = place->world, .timeout = timeout };
    for (int rank = 0; rank < PLACE_WORLD_MAX; rank++)
        group->fds[rank] = -1;
    if (place->world == 1)
        return 0;
    if (place->rank == 0)
        return join_as_master(group, place->port, settings, deadline, err);
    return join_as_worker(group, place, settings, deadline + MARGIN_MILLISECONDS, err);
}
