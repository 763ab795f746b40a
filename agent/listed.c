#include "listed.h"

#include <inttypes.h>
#include <string.h>

static enum s3_enter enter(void *context, const char *prefix)
{
    const struct listed *listed = context;

    return selection_enter(listed->selection, prefix + strlen(listed->source->prefix));
}

int listed_start(struct listed *listed, struct source *source, struct selection *selection, struct failure *failure)
{
    *listed = (struct listed){ .source = source, .selection = selection };
    if (selection_find_newest(selection, source->s3, source->prefix, failure) < 0)
        return -1;
    listed->listing = s3_listing_create(source->s3, source->prefix, selection->partition_count ? enter : NULL, listed);
    return 0;
}

static bool is_marker(const struct s3_object *object)
{
    size_t length = strlen(object->key);

    return !object->size && length && object->key[length - 1] == '/';
}

static void refuse_key(struct listed *listed, const char *key, const char *problem)
{
    if (!listed->failure.reason)
        failure_set(&listed->failure,
                    REASON_INVALID_KEY,
                    "s3://%s/%.300s: the key %s, so that it cannot be a path: exclude it, or give it another name",
                    listed->source->location.bucket,
                    key,
                    problem);
}

/* False: it is not wanted, or cannot be. */
static bool fill_item(struct listed *listed, const struct s3_object *object, struct pull_item *ret)
{
    const char *key = object->key + strlen(listed->source->prefix), *problem;

    if (is_marker(object)) {
        listed->markers++;
        return false;
    }
    if (!selection_wants(listed->selection, key))
        return false;
    problem = key_problem(key);
    if (problem) {
        refuse_key(listed, object->key, problem);
        return false;
    }
    *ret = (struct pull_item){ .is = { .size = object->size } };
    snprintf(ret->object, sizeof(ret->object), "%s", object->key);
    snprintf(ret->is.key, sizeof(ret->is.key), "%s", key);
    snprintf(ret->etag, sizeof(ret->etag), "%s", object->etag);
    return true;
}

int listed_next(struct listed *listed, struct pull_item *ret)
{
    const struct s3_object *object;

    while (!listed->failure.reason && (object = s3_listing_next(listed->listing))) {
        listed->listed++;
        if (!fill_item(listed, object, ret))
            continue;
        listed->selected++;
        listed->selected_bytes += object->size;
        return 1;
    }
    return listed->failure.reason || s3_listing_ended(listed->listing, NULL) ? -1 : 0;
}

int listed_end(const struct listed *listed, struct failure *failure)
{
    const struct failure *problem = listed->failure.reason ? &listed->failure : NULL;

    if (!problem)
        s3_listing_ended(listed->listing, &problem);
    if (problem) {
        *failure = *problem;
        return -1;
    }
    if (listed->selected)
        return 0;
    return failure_set(failure,
                       REASON_EMPTY_SELECTION,
                       "s3://%s/%.200s: of %" PRIu64 " objects none is selected: correct prefix, include, exclude or "
                       "partitions%s",
                       listed->source->location.bucket,
                       listed->source->prefix,
                       listed->listed,
                       listed->listed || !*listed->source->prefix
                           ? ""
                           : "; a prefix is a folder: for one object name its folder, and include it");
}

void listed_stop(struct listed *listed)
{
    s3_listing_destroy(listed->listing);
    listed->listing = NULL;
}
