#include "select.h"

#include <stdlib.h>
#include <string.h>

#include "../operator/base/memory.h"
#include "glob.h"

/* -- reading ------------------------------------------------------------------------------------------------------- */

static int bad_partition(const char *text, struct failure *failure)
{
    return failure_set(failure,
                       REASON_INVALID_OPTIONS,
                       "--partition %.200s: write KEY:newest=N, KEY:values=A,B or KEY:from=A,before=B",
                       text);
}

/* One word of what stands behind the colon; a word without a name is one more of the values. */
static bool read_word(struct partition *partition, const char *word, size_t length, bool *in_values)
{
    auto_free char *text = xstrndup(word, length);
    char *value = strchr(text, '=');

    if (!value && *in_values)
        value = text;
    else if (!value)
        return false;
    else
        *value++ = '\0';
    if (value == text || strcmp(text, "values") == 0) {
        *in_values = true;
        if (partition->value_count == MAX_PARTITION_VALUES || !*value)
            return false;
        partition->values[partition->value_count++] = xstrdup(value);
        return true;
    }
    *in_values = false;
    if (strcmp(text, "newest") == 0 && strspn(value, "0123456789") == strlen(value))
        return (partition->newest = atoi(value)) > 0;
    if (strcmp(text, "from") == 0 && *value && !partition->from)
        return (partition->from = xstrdup(value)) != NULL;
    if (strcmp(text, "before") == 0 && *value && !partition->before)
        return (partition->before = xstrdup(value)) != NULL;
    return false;
}

int selection_add_partition(struct selection *selection, const char *text, struct failure *failure)
{
    const char *colon = strchr(text, ':'), *word = colon ? colon + 1 : "";
    struct partition *partition = &selection->partitions[selection->partition_count];
    bool in_values = false;

    if (selection->partition_count == MAX_PARTITIONS)
        return failure_set(failure, REASON_INVALID_OPTIONS, "--partition: no more than %d of them", MAX_PARTITIONS);
    if (!colon || colon == text || !*word)
        return bad_partition(text, failure);
    *partition = (struct partition){ .key = xstrndup(text, (size_t)(colon - text)) };
    selection->partition_count++;
    while (*word) {
        size_t length = strcspn(word, ",");

        if (!read_word(partition, word, length, &in_values))
            return bad_partition(text, failure);
        word += length + (word[length] == ',');
    }
    return 0;
}

void selection_finish(struct selection *selection)
{
    for (int i = 0; i < selection->partition_count; i++) {
        struct partition *partition = &selection->partitions[i];

        for (int j = 0; j < partition->value_count; j++)
            free(partition->values[j]);
        free(partition->key);
        free(partition->from);
        free(partition->before);
    }
    selection->partition_count = 0;
}

/* -- partitions ---------------------------------------------------------------------------------------------------- */

bool partition_value(const struct partition *partition, const char *path, char ret_value[PARTITION_VALUE])
{
    size_t length = strlen(partition->key);

    for (const char *at = path, *slash; (slash = strchr(at, '/')); at = slash + 1) {
        size_t rest = (size_t)(slash - at);

        if (rest <= length || strncmp(at, partition->key, length) != 0 || at[length] != '=' ||
            rest - length - 1 >= PARTITION_VALUE)
            continue;
        memcpy(ret_value, at + length + 1, rest - length - 1);
        ret_value[rest - length - 1] = '\0';
        return true;
    }
    return false;
}

static bool is_wanted_value(const struct partition *partition, const char *value)
{
    if (partition->from && strcmp(value, partition->from) < 0)
        return false;
    if (partition->before && strcmp(value, partition->before) >= 0)
        return false;
    for (int i = 0; i < partition->value_count; i++)
        if (strcmp(value, partition->values[i]) == 0)
            return true;
    return !partition->value_count;
}

enum s3_enter selection_enter(const struct selection *selection, const char *folder)
{
    char value[PARTITION_VALUE];
    int found = 0;

    for (int i = 0; i < selection->partition_count; i++) {
        if (!partition_value(&selection->partitions[i], folder, value))
            continue;
        if (!is_wanted_value(&selection->partitions[i], value))
            return S3_SKIP;
        found++;
    }
    return found == selection->partition_count ? S3_ENTER : S3_DESCEND;
}

/* -- keys ---------------------------------------------------------------------------------------------------------- */

static bool fits_any(const char *const *globs, const char *key)
{
    for (; globs && *globs; globs++)
        if (glob_fits(*globs, key))
            return true;
    return false;
}

bool selection_wants(const struct selection *selection, const char *key)
{
    if (selection->partition_count && selection_enter(selection, key) != S3_ENTER)
        return false;
    if (selection->include && *selection->include && !fits_any(selection->include, key))
        return false;
    return !fits_any(selection->exclude, key);
}
