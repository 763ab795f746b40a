#define _GNU_SOURCE
#include "volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../operator/base/memory.h"
#include "volume_error.h"

enum { MODE_FOLDER = 0775, MODE_FILE = 0644 };

/* -- folders ------------------------------------------------------------------------------------------------------- */

static int open_folder(int at, const char *name, struct failure *failure)
{
    int fd;

    if (mkdirat(at, name, MODE_FOLDER) < 0 && errno != EEXIST)
        return volume_failure(failure, errno, "the folder %s cannot be made", name);
    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? volume_failure(failure, errno, "the folder %s cannot be opened", name) : fd;
}

static bool is_folder(int at, const char *path)
{
    struct stat stat;

    return fstatat(at, path, &stat, 0) == 0 && S_ISDIR(stat.st_mode);
}

int make_folders(int folder, const char *path, struct failure *failure)
{
    auto_free char *copy = xstrdup(path);

    for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!is_folder(folder, copy) && mkdirat(folder, copy, MODE_FOLDER) < 0)
            return errno == EEXIST || errno == ENOTDIR
                       ? failure_set(failure,
                                     REASON_INVALID_KEY,
                                     "%.300s lies below a key that is an object itself: a volume cannot hold both; "
                                     "exclude one of them",
                                     path)
                       : volume_failure(failure, errno, "%.300s cannot be made", copy);
        *slash = '/';
    }
    return 0;
}

static int remove_entries(DIR *folder, struct failure *failure)
{
    const struct dirent *entry;

    while ((entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(folder), entry->d_name, 0) == 0)
            continue;
        if (errno != EISDIR && errno != EPERM)
            return volume_failure(failure, errno, "%.200s cannot be removed", entry->d_name);
        if (remove_tree(dirfd(folder), entry->d_name, failure) < 0)
            return -1;
    }
    return 0;
}

int remove_tree(int folder, const char *name, struct failure *failure)
{
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), result;
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);

    if (!entries)
        return errno == ENOENT ? 0 : volume_failure(failure, errno, "%.200s cannot be removed", name);
    result = remove_entries(entries, failure);
    closedir(entries);
    if (result == 0 && unlinkat(folder, name, AT_REMOVEDIR) < 0)
        return volume_failure(failure, errno, "%.200s cannot be removed", name);
    return result;
}

/* -- the volume ---------------------------------------------------------------------------------------------------- */

static int take_lock(struct volume *volume, struct failure *failure)
{
    volume->lock = openat(volume->own, "lock", O_RDWR | O_CREAT | O_CLOEXEC, MODE_FILE);
    if (volume->lock < 0)
        return volume_failure(failure, errno, ".kitae/lock cannot be opened");
    if (flock(volume->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return 0; /* some network file systems have no locks: whoever starts syncs sees to it too */
    return failure_set(failure,
                       REASON_SERVER_ERROR,
                       "%s: another sync writes to this volume: this one is tried again later",
                       volume->path);
}

/* Temporary files of a killed run, and versions half linked or half removed. */
static int clear_leftovers(struct volume *volume, struct failure *failure)
{
    if (remove_tree(volume->own, "new", failure) < 0 || remove_tree(volume->own, "version", failure) < 0 ||
        remove_tree(volume->own, "removed", failure) < 0)
        return -1;
    return mkdirat(volume->own, "new", MODE_FOLDER) == 0
               ? 0
               : volume_failure(failure, errno, "the folder .kitae/new cannot be made");
}

int volume_open(struct volume *volume, const char *path, struct failure *failure)
{
    *volume = (struct volume){ xstrdup(path), -1, -1, -1, -1, -1, 0 };
    volume->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (volume->root < 0)
        return volume_failure(failure, errno, "the volume %s cannot be opened", path);
    if ((volume->objects = open_folder(volume->root, "objects", failure)) < 0 ||
        (volume->versions = open_folder(volume->root, "versions", failure)) < 0 ||
        (volume->own = open_folder(volume->root, ".kitae", failure)) < 0 || take_lock(volume, failure) < 0)
        return -1;
    return clear_leftovers(volume, failure);
}

void volume_close(struct volume *volume)
{
    int *fds[] = { &volume->root, &volume->objects, &volume->versions, &volume->own, &volume->lock };

    for (size_t i = 0; volume->path && i < ARRAY_SIZE(fds); i++)
        if (*fds[i] >= 0)
            close(*fds[i]);
    free(volume->path);
    *volume = (struct volume){ 0 };
}

/* -- contents ------------------------------------------------------------------------------------------------------ */

bool volume_has_content(const struct volume *volume, const char *sha256, uint64_t size)
{
    struct stat stat;

    return fstatat(volume->objects, sha256, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(stat.st_mode) &&
           (uint64_t)stat.st_size == size;
}

int volume_new_content(struct volume *volume, char ret_name[VOLUME_NAME], struct failure *failure)
{
    int fd;

    snprintf(ret_name, VOLUME_NAME, "new/%llu", (unsigned long long)volume->temporary++);
    fd = openat(volume->own, ret_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE_FILE);
    return fd < 0 ? volume_failure(failure, errno, ".kitae/%s cannot be written", ret_name) : fd;
}

int volume_keep_content(struct volume *volume, const char *name, const char *sha256, struct failure *failure)
{
    if (renameat(volume->own, name, volume->objects, sha256) == 0)
        return 0;
    return volume_failure(failure, errno, "objects/%s cannot be written", sha256);
}

int write_all(int fd, const char *bytes, size_t length, const char *key, struct failure *failure)
{
    while (length) {
        ssize_t written = write(fd, bytes, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return volume_failure(failure, errno, "%.200s cannot be written", key);
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

/* -- versions ------------------------------------------------------------------------------------------------------ */

bool volume_has_version(const struct volume *volume, const char *digest)
{
    char path[SHA256_HEX + 16];

    snprintf(path, sizeof(path), "%s/.manifest", digest);
    return faccessat(volume->versions, path, R_OK, 0) == 0;
}

/* A file system has a limit of links to one file; then there is one more copy of it. */
static int copy_content(const struct volume *volume,
                        const struct manifest_line *line,
                        int folder,
                        struct failure *failure)
{
    int from = openat(volume->objects, line->sha256, O_RDONLY | O_CLOEXEC);
    int to = openat(folder, line->key, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE_FILE);
    ssize_t copied = 1;

    while (from >= 0 && to >= 0 && copied > 0)
        copied = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
    if (from < 0 || to < 0 || copied < 0)
        volume_failure(failure, errno, "%.300s cannot be copied", line->key);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return from < 0 || to < 0 || copied < 0 ? -1 : 0;
}

static int link_content(const struct volume *volume,
                        const struct manifest_line *line,
                        int folder,
                        struct failure *failure)
{
    if (make_folders(folder, line->key, failure) < 0)
        return -1;
    if (linkat(volume->objects, line->sha256, folder, line->key, 0) == 0)
        return 0;
    if (errno == EMLINK)
        return copy_content(volume, line, folder, failure);
    if (errno == EEXIST)
        return failure_set(failure,
                           REASON_INVALID_KEY,
                           "%.300s is an object and a folder of others: a volume cannot hold both; exclude one of them",
                           line->key);
    return volume_failure(failure, errno, "%.300s cannot be linked", line->key);
}

static int link_all(const struct volume *volume, int folder, struct failure *failure)
{
    auto_free char *path = NULL;
    struct manifest_reader reader;
    struct manifest_line line;
    int result;

    if (asprintf(&path, "%s/.kitae/manifest.new", volume->path) < 0)
        BUG("out of memory");
    if (manifest_open(&reader, path, failure) < 0)
        return -1;
    while ((result = manifest_read(&reader, &line, failure)) > 0)
        if (link_content(volume, &line, folder, failure) < 0) {
            result = -1;
            break;
        }
    manifest_close(&reader, NULL);
    return result;
}

FILE *volume_new_manifest(const struct volume *volume, struct failure *failure)
{
    int fd = openat(volume->own, "manifest.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE_FILE);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    if (!file)
        volume_failure(failure, errno, ".kitae/manifest.new cannot be written");
    return file;
}

int volume_publish(struct volume *volume, const char *digest, struct failure *failure)
{
    int folder, result;

    if (volume_has_version(volume, digest))
        return 0;
    folder = open_folder(volume->own, "version", failure);
    if (folder < 0)
        return -1;
    result = link_all(volume, folder, failure);
    if (result == 0 && renameat(volume->own, "manifest.new", folder, ".manifest") < 0)
        result = volume_failure(failure, errno, "the manifest of %s cannot be written", digest);
    if (result == 0 && syncfs(folder) < 0)
        result = volume_failure(failure, errno, "version %s cannot be written", digest);
    close(folder);
    if (result == 0 && renameat(volume->own, "version", volume->versions, digest) < 0)
        result = volume_failure(failure, errno, "version %s cannot be published", digest);
    return result;
}

/* -- removal ------------------------------------------------------------------------------------------------------- */

int volume_remove(struct volume *volume, const char *digest, struct failure *failure)
{
    if (renameat(volume->versions, digest, volume->own, "removed") < 0)
        return errno == ENOENT ? 0 : volume_failure(failure, errno, "version %s cannot be removed", digest);
    return remove_tree(volume->own, "removed", failure);
}

/* A content with one link is in no version. */
int volume_sweep(struct volume *volume, struct failure *failure)
{
    int fd = openat(volume->objects, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    struct stat stat;

    if (!entries)
        return volume_failure(failure, errno, "objects/ cannot be read");
    while ((entry = readdir(entries)))
        if (fstatat(volume->objects, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(stat.st_mode) &&
            stat.st_nlink == 1)
            unlinkat(volume->objects, entry->d_name, 0);
    closedir(entries);
    return 0;
}
