#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static int fail(const char *path, struct error *err)
{
    enum error_kind kind = errno == ENOENT || errno == ENOTDIR ? ERROR_NOT_FOUND
                           : errno == EACCES || errno == EPERM ? ERROR_DENIED
                                                               : ERROR_INVALID;

    return error_set(err, kind, "%s: cannot be read: %s", path, strerror(errno));
}

int file_read(const char *path, struct strbuf *ret, struct error *err)
{
    __attribute__((cleanup(close_file))) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat status;
    char chunk[16 * 1024];
    ssize_t length;

    if (fd < 0 || fstat(fd, &status) < 0)
        return fail(path, err);
    if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
        return error_set(err, ERROR_INVALID, "%s: is not a file", path);
    do {
        length = read(fd, chunk, sizeof(chunk));
        if (length > 0)
            strbuf_append(ret, chunk, (size_t)length);
    } while ((length > 0 && !ret->overflow) || (length < 0 && errno == EINTR));
    if (length < 0)
        return fail(path, err);
    if (ret->overflow)
        return error_set(err, ERROR_INVALID, "%s: is larger than %zu bytes", path, ret->maximum);
    return 0;
}
