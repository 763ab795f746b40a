#pragma once
/*
 * Which of the objects below a prefix are wanted: globs and Hive partitions, folders named key=value. What partitions
 * leave out is not even listed. Keys here are relative to the prefix.
 */

#include <stdbool.h>
#include <stddef.h>

#include "reason.h"
#include "s3/list.h"

enum { MAX_PARTITIONS = 8, MAX_PARTITION_VALUES = 100, PARTITION_VALUE = 256 /* bytes, with the NUL */ };

struct partition {
    char *key;
    int newest;          /* 0: not asked for */
    char *from, *before; /* NULL: open; `from` is included, `before` is not */
    char *values[MAX_PARTITION_VALUES];
    int value_count;
};

struct selection {
    const char *const *include, *const *exclude; /* borrowed, NULL at the end; none included: all */
    struct partition partitions[MAX_PARTITIONS];
    int partition_count;
};

/* "dt:newest=30", "dt:from=2026-01-01,before=2026-02-01", "region:values=tokyo,osaka". REASON_INVALID_OPTIONS. */
int selection_add_partition(struct selection *selection, const char *text, struct failure *failure) must_check;
void selection_finish(struct selection *selection);

/* The value of a partition in a path, "dt=2026-01-01/..."; false when no folder of the path says. */
bool partition_value(const struct partition *partition, const char *path, char ret_value[PARTITION_VALUE]);

bool selection_wants(const struct selection *selection, const char *key);

/* What to do with a folder, "region=tokyo/dt=2026-01-01/". */
enum s3_enter selection_enter(const struct selection *selection, const char *folder);

/*
 * newest.c: the newest N of a partition are known when all its values are. Lists the folders that lead to them, and
 * turns `newest` into `from`. Does nothing without such a partition. Blocks.
 */
int selection_find_newest(struct selection *selection, struct s3 *s3, const char *prefix, struct failure *failure)
    must_check;
