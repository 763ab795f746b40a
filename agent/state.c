#define _GNU_SOURCE
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "volume_error.h"

static const char *const names[STATE_FILES] = { "state.partial", "state" };

/* -- reading ------------------------------------------------------------------------------------------------------- */

/* "<sha256> <size> <etag> <key>"; an ETag has no spaces, and "-" stands for none. A torn last line is no line. */
static bool read_line(FILE *file, struct state_line *ret)
{
    char text[SHA256_HEX + 24 + S3_ETAG_SIZE + MANIFEST_MAX_KEY + 4];
    const char *etag, *key;
    size_t length;

    if (!file || !fgets(text, sizeof(text), file))
        return false;
    length = strlen(text);
    if (!length || text[length - 1] != '\n')
        return false;
    text[length - 1] = '\0';
    etag = content_parse(text, ret->is.sha256, &ret->is.size);
    key = etag ? strchr(etag, ' ') : NULL;
    if (!key || (size_t)(key - etag) >= sizeof(ret->etag) || strlen(key + 1) >= sizeof(ret->is.key))
        return false;
    snprintf(ret->etag, sizeof(ret->etag), "%.*s", (int)(key - etag), etag);
    memcpy(ret->is.key, key + 1, strlen(key + 1) + 1);
    return true;
}

static FILE *open_file(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? NULL : fdopen(fd, "r");
}

void state_open(struct state_reader *reader, int folder)
{
    *reader = (struct state_reader){ 0 };
    for (int i = 0; i < STATE_FILES; i++) {
        reader->files[i] = open_file(folder, names[i]);
        reader->there[i] = read_line(reader->files[i], &reader->lines[i]);
    }
}

void state_close(struct state_reader *reader)
{
    for (int i = 0; i < STATE_FILES; i++)
        if (reader->files[i])
            fclose(reader->files[i]);
}

const struct state_line *state_find(struct state_reader *reader, const char *key, uint64_t *ret_gone)
{
    const struct state_line *found = NULL;

    for (int i = 0; i < STATE_FILES; i++) {
        while (reader->there[i] && strcmp(reader->lines[i].is.key, key) < 0) {
            *ret_gone += i == STATE_FILES - 1 && !reader->found[i]; /* the complete one tells */
            reader->there[i] = read_line(reader->files[i], &reader->lines[i]);
            reader->found[i] = false;
        }
        reader->found[i] = reader->there[i] && strcmp(reader->lines[i].is.key, key) == 0;
        if (!found && reader->found[i])
            found = &reader->lines[i];
    }
    return found;
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

static FILE *create(int folder, const char *name, struct failure *failure)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    if (!file)
        volume_failure(failure, errno, ".kitae/%s cannot be written", name);
    return file;
}

FILE *state_create(int folder, struct failure *failure)
{
    return create(folder, "state.new", failure);
}

int state_write(FILE *file, const struct state_line *line, struct failure *failure)
{
    if (fprintf(file,
                "%s %" PRIu64 " %s %s\n",
                line->is.sha256,
                line->is.size,
                *line->etag ? line->etag : "-",
                line->is.key) < 0)
        return volume_failure(failure, errno, ".kitae/state.new cannot be written");
    return 0;
}

/* Ends a file that was written, and gives it its name. */
static int finish(int folder, FILE *file, const char *from, const char *to, struct failure *failure)
{
    bool good = fflush(file) == 0 && fsync(fileno(file)) == 0;
    int error = errno;

    if (fclose(file) != 0 && good) {
        good = false;
        error = errno;
    }
    if (good && renameat(folder, from, folder, to) == 0)
        return 0;
    return volume_failure(failure, good ? errno : error, ".kitae/%s cannot be written", to);
}

int state_commit(int folder, FILE *file, struct failure *failure)
{
    if (finish(folder, file, "state.new", "state", failure) < 0)
        return -1;
    unlinkat(folder, "state.partial", 0);
    return 0;
}

/* All of the first, then what of the second lies behind it. */
static int join(FILE *first, FILE *second, FILE *out, struct failure *failure)
{
    char last[MANIFEST_MAX_KEY + 1] = "";
    struct state_line line;

    while (read_line(first, &line)) {
        if (state_write(out, &line, failure) < 0)
            return -1;
        snprintf(last, sizeof(last), "%s", line.is.key);
    }
    while (read_line(second, &line))
        if (strcmp(line.is.key, last) > 0 && state_write(out, &line, failure) < 0)
            return -1;
    return 0;
}

int state_recover(int folder, struct failure *failure)
{
    FILE *first = open_file(folder, "state.new"), *second, *out;
    int result;

    if (!first)
        return 0;
    second = open_file(folder, "state.partial");
    out = create(folder, "state.joined", failure);
    result = out ? join(first, second, out, failure) : -1;
    if (out && result < 0)
        fclose(out);
    else if (out)
        result = finish(folder, out, "state.joined", "state.partial", failure);
    fclose(first);
    if (second)
        fclose(second);
    if (result == 0)
        unlinkat(folder, "state.new", 0);
    return result;
}
