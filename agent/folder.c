#define _GNU_SOURCE
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../operator/base/memory.h"
#include "source.h"
#include "volume_error.h"

static int walk(struct folder *folder, int fd, const char *prefix, struct failure *failure);

/* -- finding ------------------------------------------------------------------------------------------------------- */

static const char *type_problem(const struct stat *is)
{
    if (S_ISREG(is->st_mode))
        return NULL;
    return S_ISLNK(is->st_mode) ? "is a symbolic link, which may lead anywhere: copy what it points to (cp -L)"
                                : "is neither a file nor a folder: remove it";
}

static int add_file(struct folder *folder, const char *key, const struct stat *is, struct failure *failure)
{
    const char *problem = type_problem(is);

    if (problem)
        return failure_set(failure, REASON_INVALID_KEY, "%s/%.300s %s", folder->path, key, problem);
    problem = key_problem(key);
    if (problem)
        return failure_set(
            failure, REASON_INVALID_KEY, "%s/%.300s cannot be a key, as it %s: rename it", folder->path, key, problem);
    grow(folder->files, folder->count, folder->capacity);
    folder->files[folder->count++] = (struct folder_file){
        .key = xstrdup(key),
        .was = { is->st_dev, is->st_ino, is->st_size, is->st_mtim, is->st_ctim },
    };
    return 0;
}

static int walk_into(struct folder *folder, int parent, const char *name, const char *key, struct failure *failure)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    auto_free char *prefix = NULL;

    if (fd < 0)
        return volume_failure(failure, errno, "%s/%.300s cannot be read", folder->path, key);
    if (asprintf(&prefix, "%s/", key) < 0)
        BUG("out of memory");
    return walk(folder, fd, prefix, failure);
}

/* What fetch leaves at the top: it tells of content, and is none. */
static bool is_ours(const char *prefix, const char *name)
{
    return !*prefix && (strcmp(name, ".manifest") == 0 || strncmp(name, ".kitae", strlen(".kitae")) == 0);
}

static int visit(struct folder *folder, int parent, const char *prefix, const char *name, struct failure *failure)
{
    auto_free char *key = NULL;
    struct stat is;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_ours(prefix, name))
        return 0;
    if (asprintf(&key, "%s%s", prefix, name) < 0)
        BUG("out of memory");
    if (fstatat(parent, name, &is, AT_SYMLINK_NOFOLLOW) < 0)
        return volume_failure(failure, errno, "%s/%.300s cannot be looked at", folder->path, key);
    return S_ISDIR(is.st_mode) ? walk_into(folder, parent, name, key, failure) : add_file(folder, key, &is, failure);
}

/* Takes fd. */
static int walk(struct folder *folder, int fd, const char *prefix, struct failure *failure)
{
    DIR *entries = fdopendir(fd);
    struct dirent *entry;
    int result = 0;

    if (!entries) {
        close(fd);
        return volume_failure(failure, errno, "%s/%.300s cannot be read", folder->path, prefix);
    }
    while (result == 0 && (errno = 0, entry = readdir(entries)))
        result = visit(folder, dirfd(entries), prefix, entry->d_name, failure);
    if (result == 0 && errno)
        result = volume_failure(failure, errno, "%s/%.300s cannot be read", folder->path, prefix);
    closedir(entries);
    return result;
}

static int by_key(const void *left, const void *right)
{
    return strcmp(((const struct folder_file *)left)->key, ((const struct folder_file *)right)->key);
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static bool is_same_time(const struct timespec *left, const struct timespec *right)
{
    return left->tv_sec == right->tv_sec && left->tv_nsec == right->tv_nsec;
}

static bool is_same(const struct stat *is, const struct folder_stamp *was)
{
    return is->st_dev == was->device && is->st_ino == was->inode && is->st_size == was->size &&
           is_same_time(&is->st_mtim, &was->modified) && is_same_time(&is->st_ctim, &was->changed);
}

int folder_check(const struct folder_file *file, int fd, struct failure *failure)
{
    struct stat is;

    if (fstat(fd, &is) == 0 && is_same(&is, &file->was))
        return 0;
    return failure_set(failure,
                       REASON_DRIFTED,
                       "%.300s has changed while it was published: publish when all that writes there has ended",
                       file->key);
}

int folder_open(const struct folder *folder, const struct folder_file *file, struct failure *failure)
{
    int fd = openat(folder->fd, file->key, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return volume_failure(failure, errno, "%s/%.300s cannot be read", folder->path, file->key);
    if (folder_check(file, fd, failure) == 0)
        return fd;
    close(fd);
    return -1;
}

static int hash(const struct folder *folder, struct folder_file *file, struct failure *failure)
{
    int fd = folder_open(folder, file, failure), result;
    char content[SHA256_HEX] = "";
    uint64_t size;

    if (fd < 0)
        return -1;
    result = sha256_file(fd, 0, UINT64_MAX, &size, content);
    if (result < 0)
        volume_failure(failure, errno, "%s/%.300s cannot be read", folder->path, file->key);
    else
        result = folder_check(file, fd, failure);
    sha256_bytes(content, file->sha256);
    close(fd);
    return result;
}

static int hash_all(struct folder *folder, struct failure *failure)
{
    for (size_t i = 0; i < folder->count; i++) {
        if (interrupted)
            return failure_set(failure, REASON_INTERRUPTED, "interrupted while %s was read: start again", folder->path);
        if (hash(folder, &folder->files[i], failure) < 0)
            return -1;
        folder->bytes += (uint64_t)folder->files[i].was.size;
    }
    return 0;
}

int folder_read(struct folder *folder, const char *path, struct failure *failure)
{
    int fd;

    *folder = (struct folder){ .path = xstrdup(path), .fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    if (folder->fd < 0)
        return failure_set(
            failure, REASON_INVALID_OPTIONS, "the folder %s cannot be opened: %s", path, strerror(errno));
    fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return volume_failure(failure, errno, "the folder %s cannot be opened", path);
    if (walk(folder, fd, "", failure) < 0)
        return -1;
    if (!folder->count)
        return failure_set(
            failure, REASON_EMPTY_SELECTION, "there is no file in %s: nothing was written there to be published", path);
    qsort(folder->files, folder->count, sizeof(*folder->files), by_key);
    return hash_all(folder, failure);
}

void folder_close(struct folder *folder)
{
    if (folder->path && folder->fd >= 0)
        close(folder->fd);
    for (size_t i = 0; i < folder->count; i++)
        free(folder->files[i].key);
    free(folder->files);
    free(folder->path);
    *folder = (struct folder){ 0 };
}
