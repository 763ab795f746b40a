#include "manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "volume_error.h"

enum { LONGEST_SEGMENT = 255 /* NAME_MAX of every file system we know */ };

static bool is_dots(const char *segment, size_t length)
{
    return (length == 1 || length == 2) && strncmp(segment, "..", length) == 0;
}

const char *key_problem(const char *key)
{
    size_t length;

    if (strlen(key) > MANIFEST_MAX_KEY)
        return "is longer than 1024 bytes";
    for (const char *at = key; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return "has a control character";
    if (strcmp(key, ".manifest") == 0)
        return "is the name of the manifest itself";
    for (const char *at = key;; at += length + 1) {
        length = strcspn(at, "/");
        if (!length)
            return "has an empty folder name";
        if (is_dots(at, length))
            return "has . or .. for a folder name";
        if (length > LONGEST_SEGMENT)
            return "has a name of more than 255 bytes between slashes";
        if (!at[length])
            return NULL;
    }
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

void manifest_writer_start(struct manifest_writer *writer, FILE *file)
{
    *writer = (struct manifest_writer){ .file = file };
    sha256_start(&writer->hash);
}

int manifest_write(struct manifest_writer *writer, const struct manifest_line *line, struct failure *failure)
{
    char text[SHA256_HEX + 24 + MANIFEST_MAX_KEY + 4];
    int length = snprintf(text, sizeof(text), "%s %" PRIu64 " %s\n", line->sha256, line->size, line->key);

    if (writer->objects && strcmp(line->key, writer->last) <= 0)
        return failure_set(failure,
                           REASON_SERVER_ERROR,
                           "the server listed %.200s after %.200s: keys must come in the order of their bytes",
                           line->key,
                           writer->last);
    snprintf(writer->last, sizeof(writer->last), "%s", line->key);
    writer->objects++;
    writer->bytes += line->size;
    sha256_add(&writer->hash, text, (size_t)length);
    if (writer->file && fwrite(text, (size_t)length, 1, writer->file) != 1)
        return volume_failure(failure, errno, "the manifest cannot be written");
    return 0;
}

int manifest_writer_end(struct manifest_writer *writer, char ret_digest[SHA256_HEX], struct failure *failure)
{
    if (writer->file && fflush(writer->file) != 0)
        return volume_failure(failure, errno, "the manifest cannot be written");
    sha256_end(&writer->hash, ret_digest);
    return 0;
}

void manifest_writer_drop(struct manifest_writer *writer)
{
    sha256_drop(&writer->hash);
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

void manifest_start(struct manifest_reader *reader, FILE *take_file, const char *name)
{
    *reader = (struct manifest_reader){ .file = take_file, .name = name };
    sha256_start(&reader->hash);
}

int manifest_open(struct manifest_reader *reader, const char *path, struct failure *failure)
{
    FILE *file = fopen(path, "re");

    if (!file)
        return failure_set(failure, REASON_NO_SUCH_VERSION, "%s cannot be read: %s", path, strerror(errno));
    manifest_start(reader, file, path);
    return 0;
}

static int bad_line(const struct manifest_reader *reader, struct failure *failure)
{
    return failure_set(failure,
                       REASON_CHECKSUM_MISMATCH,
                       "%s:%lu is no line of a manifest: it was changed or cut off; sync again",
                       reader->name,
                       reader->line);
}

/* As snprintf writes it: no sign, no zeros before it. */
static const char *parse_size(const char *text, uint64_t *ret)
{
    const char *at = text;

    for (*ret = 0; *at >= '0' && *at <= '9'; at++) {
        if (*ret > (UINT64_MAX - 9) / 10)
            return NULL;
        *ret = *ret * 10 + (uint64_t)(*at - '0');
    }
    return at == text || (*text == '0' && at > text + 1) ? NULL : at;
}

const char *content_parse(const char *text, char ret_sha256[SHA256_HEX], uint64_t *ret_size)
{
    const char *at = text + SHA256_HEX - 1;

    if (strspn(text, "0123456789abcdef") != SHA256_HEX - 1 || *at != ' ')
        return NULL;
    memcpy(ret_sha256, text, SHA256_HEX - 1);
    ret_sha256[SHA256_HEX - 1] = '\0';
    at = parse_size(at + 1, ret_size);
    return at && *at == ' ' ? at + 1 : NULL;
}

int manifest_read(struct manifest_reader *reader, struct manifest_line *ret, struct failure *failure)
{
    char text[SHA256_HEX + 24 + MANIFEST_MAX_KEY + 4];
    const char *key;
    size_t length;

    if (!fgets(text, sizeof(text), reader->file))
        return 0;
    reader->line++;
    length = strlen(text);
    if (!length || text[length - 1] != '\n')
        return bad_line(reader, failure);
    sha256_add(&reader->hash, text, length);
    text[length - 1] = '\0';
    key = content_parse(text, ret->sha256, &ret->size);
    if (!key || key_problem(key) || (reader->line > 1 && strcmp(key, reader->last) <= 0))
        return bad_line(reader, failure);
    length = strlen(key) + 1; /* at most MANIFEST_MAX_KEY + 1, says key_problem() */
    memcpy(ret->key, key, length);
    memcpy(reader->last, key, length);
    return 1;
}

void manifest_close(struct manifest_reader *reader, char ret_digest[SHA256_HEX])
{
    if (reader->file)
        fclose(reader->file);
    if (ret_digest)
        sha256_end(&reader->hash, ret_digest);
    else
        sha256_drop(&reader->hash);
    reader->file = NULL;
}
