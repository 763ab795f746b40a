/* The newest N values of a partition: a look at its folders, and at nothing in them. */

#include <stdlib.h>
#include <string.h>

#include "../operator/base/memory.h"
#include "select.h"

/* The greatest values of a partition, the least of them first. */
struct search {
    struct selection *selection;
    struct partition *partition;
    size_t prefix_length;
    char **values;
    int count;
};

static void note_value(struct search *search, const char *value)
{
    int at = 0;

    while (at < search->count && strcmp(search->values[at], value) < 0)
        at++;
    if (at < search->count && strcmp(search->values[at], value) == 0)
        return;
    if (search->count == search->partition->newest) {
        if (!at)
            return;
        free(search->values[0]);
        memmove(search->values, search->values + 1, (size_t)(--at) * sizeof(*search->values));
        search->values[at] = xstrdup(value);
        return;
    }
    memmove(search->values + at + 1, search->values + at, (size_t)(search->count - at) * sizeof(*search->values));
    search->values[at] = xstrdup(value);
    search->count++;
}

static enum s3_enter look(void *context, const char *prefix)
{
    struct search *search = context;
    const char *folder = prefix + search->prefix_length;
    char value[PARTITION_VALUE];

    if (selection_enter(search->selection, folder) == S3_SKIP)
        return S3_SKIP;
    if (!partition_value(search->partition, folder, value))
        return S3_DESCEND;
    note_value(search, value);
    return S3_SKIP;
}

static int list_values(struct search *search, struct s3 *s3, const char *prefix, struct failure *failure)
{
    struct s3_listing *listing = s3_listing_create(s3, prefix, look, search);
    const struct failure *problem = NULL;

    do
        while (s3_listing_next(listing))
            ; /* objects outside of any such folder */
    while (!s3_listing_ended(listing, &problem) && s3_step(s3, 1000));
    s3_listing_ended(listing, &problem);
    if (problem)
        *failure = *problem;
    s3_listing_destroy(listing);
    return problem ? -1 : 0;
}

int selection_find_newest(struct selection *selection, struct s3 *s3, const char *prefix, struct failure *failure)
{
    for (int i = 0; i < selection->partition_count; i++) {
        struct partition *partition = &selection->partitions[i];
        struct search search = { selection, partition, strlen(prefix), NULL, 0 };
        int result;

        if (!partition->newest)
            continue;
        search.values = xcalloc((size_t)partition->newest + 1, sizeof(*search.values));
        result = list_values(&search, s3, prefix, failure);
        if (result == 0 && search.count)
            partition->from = xstrdup(search.values[0]);
        partition->newest = 0;
        for (int j = 0; j < search.count; j++)
            free(search.values[j]);
        free(search.values);
        if (result < 0)
            return -1;
    }
    return 0;
}
