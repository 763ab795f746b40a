#include "group.h"

#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "net.h"
#include "wait.h"

/* What workers wait longer than the master does: it sees who is late, they would only blame the master. */
enum { MARGIN_MILLISECONDS = 5000 };

/* The moment by which an operation that starts now has to end. */
static int64_t deadline_of(const struct group *group)
{
    return wait_now() + group->timeout + (group->rank == 0 ? 0 : MARGIN_MILLISECONDS);
}

int group_name_peer(int rank, struct error *err)
{
    struct error inner = *err;

    if (inner.exit_code != EXIT_FAULT)
        return -1;
    return error_set(err, EXIT_PEER, "lost rank %d: %s", rank, inner.message);
}

static int take_from(struct group *group,
                     int rank,
                     enum frame_kind kind,
                     void *ret_bytes,
                     size_t size,
                     int64_t deadline,
                     struct error *err)
{
    if (frame_receive(group->fds[rank], kind, ret_bytes, size, deadline, err) < 0)
        return group_name_peer(rank, err);
    return 0;
}

static int give_to(struct group *group,
                   int rank,
                   enum frame_kind kind,
                   const void *bytes,
                   size_t size,
                   int64_t deadline,
                   struct error *err)
{
    struct error words = { 0 };

    if (frame_send(group->fds[rank], kind, bytes, size, deadline, err) == 0)
        return 0;
    /* A peer that has ended may have left word why. */
    frame_receive(group->fds[rank], FRAME_FAILED, NULL, 0, wait_now(), &words);
    if (words.exit_code == EXIT_PEER)
        *err = words;
    return group_name_peer(rank, err);
}

static int give_to_all(
    struct group *group, enum frame_kind kind, const void *bytes, size_t size, int64_t deadline, struct error *err)
{
    for (int rank = 1; rank < group->world; rank++)
        if (give_to(group, rank, kind, bytes, size, deadline, err) < 0)
            return -1;
    return 0;
}

int group_sum(struct group *group, float *values, size_t count, struct error *err)
{
    int64_t deadline = deadline_of(group);
    size_t size = count * sizeof(*values);

    if (group->rank > 0) {
        if (give_to(group, 0, FRAME_SUM, values, size, deadline, err) < 0)
            return -1;
        return take_from(group, 0, FRAME_SUM, values, size, deadline, err);
    }
    for (int rank = 1; rank < group->world; rank++) {
        if (take_from(group, rank, FRAME_SUM, group->part, size, deadline, err) < 0)
            return -1;
        for (size_t i = 0; i < count; i++)
            values[i] += group->part[i];
    }
    return give_to_all(group, FRAME_SUM, values, size, deadline, err);
}

int group_same(struct group *group, uint64_t value, struct error *err)
{
    int64_t deadline = deadline_of(group);
    uint64_t other;

    if (group->rank > 0) {
        if (give_to(group, 0, FRAME_SAME, &value, sizeof(value), deadline, err) < 0)
            return -1;
        return take_from(group, 0, FRAME_SAME, &other, sizeof(other), deadline, err);
    }
    for (int rank = 1; rank < group->world; rank++) {
        if (take_from(group, rank, FRAME_SAME, &other, sizeof(other), deadline, err) < 0)
            return -1;
        if (other != value)
            return error_set(err, EXIT_FAULT, "rank %d came to a different result", rank);
    }
    return give_to_all(group, FRAME_SAME, &value, sizeof(value), deadline, err);
}

static void tell(int fd, const char *text)
{
    struct error ignored;
    size_t size = strnlen(text, FRAME_TEXT_MAX);

    frame_send(fd, FRAME_FAILED, text, size, wait_now(), &ignored);
}

void group_tell(struct group *group, const struct error *why)
{
    struct error told = *why;

    if (why->exit_code != EXIT_PEER)
        error_set(&told, why->exit_code, "rank %d: %s", group->rank, why->message);
    for (int rank = 0; rank < group->world; rank++)
        if (group->fds[rank] >= 0)
            tell(group->fds[rank], told.message);
}

void group_finish(struct group *group)
{
    for (int rank = 0; rank < group->world; rank++)
        if (group->fds[rank] >= 0)
            close(group->fds[rank]);
    group->world = 0;
}
