#include "pull.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../operator/base/memory.h"
#include "progress.h"
#include "s3/get.h"
#include "volume.h"
#include "volume_error.h"

enum { PLACES = 512, WAIT_MS = 1000 };

/* One of the objects between the list and the order. */
struct place {
    struct run *run;
    struct pull_item item;
    struct sha256 hash;
    uint64_t received;
    int fd; /* -1: none */
    bool done;
};

struct run {
    const struct pull *pull;
    struct place *places; /* a ring */
    unsigned first, count;
    bool ended;
    struct failure failure;
};

static void fail(struct run *run, const struct failure *failure)
{
    if (!run->failure.reason)
        run->failure = *failure;
}

/* -- one object ---------------------------------------------------------------------------------------------------- */

static int receive(void *context, uint64_t offset, const void *bytes, size_t length, struct failure *failure)
{
    struct place *place = context;

    if (place->run->failure.reason) { /* all the others are of no use any more */
        *failure = place->run->failure;
        return -1;
    }
    if (offset != place->received)
        BUG("a piece at %llu where %llu is due", (unsigned long long)offset, (unsigned long long)place->received);
    place->received += length;
    sha256_add(&place->hash, bytes, length);
    return place->fd < 0 ? 0 : write_all(place->fd, bytes, length, place->item.is.key, failure);
}

static int check_content(const struct place *place, const char *content, struct failure *failure)
{
    const struct pull_item *item = &place->item;

    if (place->received != item->is.size)
        return failure_set(failure,
                           REASON_TRUNCATED,
                           "%.300s has %llu bytes where the list says %llu: it has changed in between; try again",
                           item->object,
                           (unsigned long long)place->received,
                           (unsigned long long)item->is.size);
    if (item->expected && strcmp(content, item->is.sha256) != 0)
        return failure_set(failure,
                           REASON_CHECKSUM_MISMATCH,
                           "%.300s is not what its manifest says (SHA-256 %.12s..., not %.12s...): it was damaged or "
                           "replaced in the store; publish it again",
                           item->object,
                           content,
                           item->is.sha256);
    return 0;
}

/* It was listed, or a manifest names it. */
static void explain_absence(const struct pull_item *item, struct failure *failure)
{
    if (item->expected)
        failure_set(failure,
                    REASON_CHECKSUM_MISMATCH,
                    "%.300s is gone, and the manifest names it: it was removed from the store; publish it again",
                    item->object);
    else
        failure_set(
            failure, REASON_DRIFTED, "%.300s is gone: it was removed after it was listed; list again", item->object);
}

static int close_file(struct place *place, struct failure *failure)
{
    int fd = place->fd;

    place->fd = -1;
    if (fd >= 0 && close(fd) != 0)
        return volume_failure(failure, errno, "%.200s cannot be written", place->item.is.key);
    return 0;
}

static void received(void *context, const struct failure *problem)
{
    struct place *place = context;
    struct run *run = place->run;
    char content[SHA256_HEX];
    struct failure failure;

    sha256_end(&place->hash, content);
    if (problem) {
        close_file(place, &failure);
        failure = *problem;
        if (failure.reason == REASON_NO_SUCH_KEY)
            explain_absence(&place->item, &failure);
        fail(run, &failure);
        return;
    }
    if (close_file(place, &failure) < 0 || check_content(place, content, &failure) < 0) {
        fail(run, &failure);
        return;
    }
    memcpy(place->item.is.sha256, content, sizeof(content));
    place->item.fetched = true;
    if (run->pull->keep && run->pull->keep(run->pull->context, &place->item, &failure) < 0)
        fail(run, &failure);
    place->done = true;
}

static void fetch(struct run *run, struct place *place)
{
    struct failure failure;

    if (run->pull->open) {
        place->fd = run->pull->open(run->pull->context, &place->item, &failure);
        if (place->fd < 0) {
            fail(run, &failure);
            return;
        }
    }
    sha256_start(&place->hash);
    s3_get(run->pull->s3,
           &(struct s3_get){ .key = place->item.object,
                             .etag = place->item.etag,
                             .size = place->item.is.size,
                             .is_known = place->item.expected,
                             .write = receive,
                             .done = received,
                             .context = place });
}

/* -- all of them --------------------------------------------------------------------------------------------------- */

static void fill(struct run *run)
{
    while (!run->ended && !run->failure.reason && run->count < PLACES && s3_room(run->pull->s3)) {
        struct place *place = &run->places[(run->first + run->count) % PLACES];
        int there;

        *place = (struct place){ .run = run, .fd = -1 };
        there = run->pull->next(run->pull->context, &place->item);
        run->ended = there < 0;
        if (there <= 0)
            return;
        run->count++;
        if (place->item.known)
            place->done = true;
        else
            fetch(run, place);
    }
}

static void drain(struct run *run)
{
    struct failure failure;

    while (run->count && run->places[run->first].done && !run->failure.reason) {
        if (run->pull->accept(run->pull->context, &run->places[run->first].item, &failure) < 0)
            fail(run, &failure);
        run->first = (run->first + 1) % PLACES;
        run->count--;
    }
}

/* Of what was not accepted yet. */
static uint64_t under_way(const struct run *run)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < run->count; i++)
        bytes += run->places[(run->first + i) % PLACES].received;
    return bytes;
}

int pull_run(const struct pull *pull, struct failure *failure)
{
    auto_free struct place *places = xcalloc(PLACES, sizeof(*places));
    struct run run = { .pull = pull, .places = places };
    bool busy = true;

    while (!run.failure.reason && (busy || run.count || !run.ended)) {
        fill(&run);
        busy = s3_step(pull->s3, WAIT_MS);
        drain(&run);
        if (progress_is_due(pull->progress))
            progress_report(pull->progress, under_way(&run));
        if (!busy && !run.failure.reason)
            (void)s3_check(pull->s3, &run.failure); /* with nothing under way that would end with it */
    }
    if (!run.failure.reason)
        return 0;
    while (s3_step(pull->s3, WAIT_MS))
        ; /* what is under way still writes to our places, and ends with its next piece */
    *failure = run.failure;
    return -1;
}
