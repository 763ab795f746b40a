/* `kitae-agent remove`: versions from a volume, and contents that no version has any more; or published ones from S3.
 */

#include <stdlib.h>

#include "../operator/base/memory.h"
#include "commands.h"
#include "published.h"
#include "result.h"
#include "s3/list.h"
#include "s3/put.h"
#include "volume.h"

enum { WAIT_MS = 1000 };

static const char usage[] =
    "Usage: kitae-agent remove --volume DIR --digest DIGEST [--digest DIGEST]...\n"
    "       kitae-agent remove --store s3://BUCKET/PREFIX --digest DIGEST [--digest DIGEST]... [FLAGS]\n"
    "\n"
    "Takes versions from a volume, each at once, then contents that no version has; or from a store, the manifest of\n"
    "each first, and with it the version. A version that is not there is fine.";

static struct option options[] = {
    { "volume", 0, OPTION_TEXT, "DIR", "where the versions are" },
    { "store", 0, OPTION_TEXT, "URI", "s3://BUCKET/PREFIX of published versions" },
    { "digest", 0, OPTION_REPEAT, "DIGEST", "which version; may be repeated; required" },
    PLACE_OPTIONS,
    TRANSFER_OPTIONS,
    RESULT_OPTION,
    { NULL },
};

/* Where versions are: one of the two. */
struct place {
    struct volume volume;
    struct source store;
};

/* -- in S3 --------------------------------------------------------------------------------------------------------- */

static void note(void *context, const struct failure *problem)
{
    struct failure *first = context;

    if (problem && !first->reason)
        *first = *problem;
}

/* All that is below, many at once. */
static int remove_objects(struct s3 *s3, const char *prefix, struct failure *failure)
{
    struct s3_listing *listing = s3_listing_create(s3, prefix, NULL, NULL);
    const struct s3_object *object;
    const struct failure *unlisted = NULL;
    struct failure first = { 0 };
    bool busy = true;

    while (!first.reason && (busy || !s3_listing_ended(listing, &unlisted))) {
        while (s3_room(s3) && (object = s3_listing_next(listing)))
            s3_delete(s3, object->key, note, &first);
        busy = s3_step(s3, WAIT_MS);
    }
    if (unlisted && !first.reason)
        first = *unlisted;
    s3_listing_destroy(listing);
    while (s3_step(s3, WAIT_MS))
        ; /* what is under way still tells `first` */
    if (first.reason)
        *failure = first;
    return first.reason ? -1 : 0;
}

static int remove_published(const struct source *store, const char *digest, struct failure *failure)
{
    auto_free char *prefix = published_object(store, digest, ""),
                   *manifest = published_object(store, digest, ".manifest");

    if (s3_delete_now(store->s3, manifest, failure) < 0)
        return -1;
    return remove_objects(store->s3, prefix, failure);
}

/* -- the command --------------------------------------------------------------------------------------------------- */

static int remove_version(struct place *place, const char *digest, struct failure *failure)
{
    if (!is_sha256(digest))
        return failure_set(failure, REASON_INVALID_OPTIONS, "--digest %.80s: write 64 hexadecimal digits", digest);
    return place->store.s3 ? remove_published(&place->store, digest, failure)
                           : volume_remove(&place->volume, digest, failure);
}

static int remove_all(struct place *place, struct result *result, struct failure *failure)
{
    const struct option *digests = option_named(options, "digest");

    for (size_t i = 0; i < digests->list_count; i++) {
        if (remove_version(place, digests->list[i], failure) < 0)
            return -1;
        result->removed++;
    }
    return place->store.s3 ? 0 : volume_sweep(&place->volume, failure);
}

static int run(struct result *result, struct failure *failure)
{
    const char *path = option_named(options, "volume")->text, *store = option_named(options, "store")->text;
    struct place place = { 0 };
    int done;

    if (!path == !store || !option_named(options, "digest")->list_count)
        return failure_set(failure, REASON_INVALID_OPTIONS, "write --digest, and either --volume or --store");
    done = store ? source_open(&place.store, options, store, failure) : volume_open(&place.volume, path, failure);
    if (done == 0)
        done = remove_all(&place, result, failure);
    volume_close(&place.volume);
    source_close(&place.store);
    return done;
}

static int command(int argc, char **argv)
{
    return command_run(options, argc, argv, usage, run);
}

const struct command remove_command = {
    "remove", "versions from a volume or from S3", usage, options, .run = command,
};
