#define _GNU_SOURCE
#include "keep.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "source.h"
#include "volume_error.h"

enum { COPY_PIECE = 256 * 1024 };

/* Hashed once more as it is copied: between the two it may have changed. */
static int copy_bytes(int from, int to, struct sha256 *hash, const char *key, struct failure *failure)
{
    static char buffer[COPY_PIECE];
    ssize_t length;

    while ((length = read(from, buffer, sizeof(buffer))) > 0) {
        sha256_add(hash, buffer, (size_t)length);
        if (write_all(to, buffer, (size_t)length, key, failure) < 0)
            return -1;
    }
    return length < 0 ? volume_failure(failure, errno, "%.300s cannot be read", key) : 0;
}

static int copy_file(
    struct keep *keep, const struct folder_file *file, int from, const char *wanted, struct failure *failure)
{
    char name[VOLUME_NAME], content[SHA256_HEX];
    int to = volume_new_content(keep->volume, name, failure), result;
    struct sha256 hash = { 0 };

    if (to < 0)
        return -1;
    sha256_start(&hash);
    result = copy_bytes(from, to, &hash, file->key, failure);
    sha256_end(&hash, content);
    if (close(to) < 0 && result == 0)
        result = volume_failure(failure, errno, "%.300s cannot be copied", file->key);
    if (result == 0 && strcmp(content, wanted) != 0)
        result = failure_set(failure,
                             REASON_DRIFTED,
                             "%.300s has changed while it was published: publish when nobody writes",
                             file->key);
    return result < 0 ? -1 : volume_keep_content(keep->volume, name, wanted, failure);
}

static int keep_file(struct keep *keep, const struct folder_file *file, struct failure *failure)
{
    char content[SHA256_HEX];
    int from, result;

    hex_of(file->sha256, SHA256_BYTES, content);
    progress_add(keep->progress, (uint64_t)file->was.size);
    if (progress_is_due(keep->progress))
        progress_report(keep->progress, 0);
    if (volume_has_content(keep->volume, content, (uint64_t)file->was.size))
        return 0;
    from = folder_open(keep->folder, file, failure);
    if (from < 0)
        return -1;
    result = copy_file(keep, file, from, content, failure);
    close(from);
    keep->sent++;
    keep->sent_bytes += (uint64_t)file->was.size;
    return result;
}

int keep_run(struct keep *keep, struct failure *failure)
{
    for (size_t i = 0; i < keep->folder->count; i++) {
        if (interrupted)
            return failure_set(failure, REASON_INTERRUPTED, "interrupted while files were copied: start again");
        if (keep_file(keep, &keep->folder->files[i], failure) < 0)
            return -1;
    }
    return 0;
}
