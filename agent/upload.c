#define _GNU_SOURCE
#include "upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../operator/base/memory.h"
#include "s3/list.h"
#include "s3/look.h"
#include "s3/put.h"

enum { WAIT_MS = 1000 };

struct run {
    struct upload *upload;
    bool *listed;           /* by file: something of its size lies there */
    struct failure failure; /* the first of those under way */
};

/* One file under way. */
struct item {
    struct run *run;
    const struct folder_file *file;
    char *object;
    char sha256[SHA256_HEX];
    int fd; /* -1: not open */
};

static uint64_t size_of(const struct folder_file *file)
{
    return (uint64_t)file->was.size;
}

static void fail(struct run *run, const struct failure *failure)
{
    if (!run->failure.reason)
        run->failure = *failure;
}

/* -- what is there ------------------------------------------------------------------------------------------------- */

/* Both come in the order of their keys. */
static void match(struct run *run, const struct s3_object *object, size_t *at)
{
    const struct folder *folder = run->upload->folder;
    const char *key = object->key + strlen(run->upload->prefix);

    while (*at < folder->count && strcmp(folder->files[*at].key, key) < 0)
        ++*at;
    if (*at < folder->count && strcmp(folder->files[*at].key, key) == 0)
        run->listed[*at] = size_of(&folder->files[*at]) == object->size;
}

static int list(struct run *run, struct failure *failure)
{
    struct s3 *s3 = run->upload->s3;
    struct s3_listing *listing = s3_listing_create(s3, run->upload->prefix, NULL, NULL);
    const struct failure *problem = NULL;
    const struct s3_object *object;
    size_t at = 0;

    while (!s3_listing_ended(listing, &problem)) {
        while ((object = s3_listing_next(listing)))
            match(run, object, &at);
        (void)s3_step(s3, WAIT_MS);
    }
    if (problem)
        *failure = *problem;
    s3_listing_destroy(listing);
    return problem ? -1 : 0;
}

/* -- one file ------------------------------------------------------------------------------------------------------ */

static void end_item(struct item *item)
{
    progress_add(item->run->upload->progress, size_of(item->file));
    if (item->fd >= 0)
        close(item->fd);
    free(item->object);
    free(item);
}

/* That it changed explains whatever else went wrong with it. */
static void sent(void *context, const struct failure *problem)
{
    struct item *item = context;
    struct upload *upload = item->run->upload;
    struct failure failure;

    if (folder_check(item->file, item->fd, &failure) < 0) {
        fail(item->run, &failure);
    } else if (problem) {
        fail(item->run, problem);
    } else {
        upload->sent++;
        upload->sent_bytes += size_of(item->file);
    }
    end_item(item);
}

static void send_item(struct item *item)
{
    struct upload *upload = item->run->upload;
    struct failure failure;

    item->fd = folder_open(upload->folder, item->file, &failure);
    if (item->fd < 0) {
        fail(item->run, &failure);
        end_item(item);
        return;
    }
    s3_put(upload->s3,
           &(struct s3_put){ .key = item->object,
                             .fd = item->fd,
                             .size = size_of(item->file),
                             .sha256 = item->sha256,
                             .done = sent,
                             .context = item });
}

static void looked(void *context, bool is_there, const struct failure *problem)
{
    struct item *item = context;

    if (problem)
        fail(item->run, problem);
    if (is_there || item->run->failure.reason)
        end_item(item);
    else
        send_item(item);
}

static void start(struct run *run, size_t at)
{
    struct item *item = xcalloc(1, sizeof(*item));

    *item = (struct item){ .run = run, .file = &run->upload->folder->files[at], .fd = -1 };
    hex_of(item->file->sha256, SHA256_BYTES, item->sha256);
    if (asprintf(&item->object, "%s%s", run->upload->prefix, item->file->key) < 0)
        BUG("out of memory");
    if (run->listed[at] && size_of(item->file) <= S3_PUT_SINGLE)
        s3_look(run->upload->s3, item->object, item->sha256, looked, item);
    else
        send_item(item);
}

/* -- all of them --------------------------------------------------------------------------------------------------- */

static int send_all(struct run *run, struct failure *failure)
{
    struct s3 *s3 = run->upload->s3;
    size_t next = 0, count = run->upload->folder->count;
    bool busy = true;

    while (busy || (next < count && !run->failure.reason)) {
        while (next < count && !run->failure.reason && s3_room(s3))
            start(run, next++);
        busy = s3_step(s3, WAIT_MS);
        if (progress_is_due(run->upload->progress))
            progress_report(run->upload->progress, 0);
        if (!busy && next < count && !run->failure.reason)
            s3_check(s3, &run->failure); /* with nothing under way that would end with it */
    }
    if (run->failure.reason)
        *failure = run->failure;
    return run->failure.reason ? -1 : 0;
}

int upload_run(struct upload *upload, struct failure *failure)
{
    auto_free bool *listed = xcalloc(upload->folder->count, sizeof(*listed));
    struct run run = { .upload = upload, .listed = listed };

    return list(&run, failure) < 0 ? -1 : send_all(&run, failure);
}
