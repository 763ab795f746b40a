#pragma once
/* The files of a folder into the contents of a volume, each once; what is there already is not copied. */

#include "folder.h"
#include "progress.h"
#include "volume.h"

struct keep {
    struct volume *volume;
    const struct folder *folder;
    struct progress *progress;
    uint64_t sent, sent_bytes; /* what was not there */
};

/* REASON_DRIFTED: a file has changed since the folder was read. */
int keep_run(struct keep *keep, struct failure *failure) must_check;
