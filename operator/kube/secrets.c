#include "secrets.h"

#include <ctype.h>
#include <string.h>

#include "../base/file.h"
#include "../base/memory.h"
#include "config.h"

int secret_check_header(const char *text, struct error *err)
{
    size_t length = strlen(text);

    if (!length)
        return error_set(err, ERROR_INVALID, "is empty");
    if (length > KUBE_MAX_HEADER)
        return error_set(err, ERROR_INVALID, "is longer than %d bytes", KUBE_MAX_HEADER);
    for (size_t i = 0; i < length; i++)
        if (iscntrl((unsigned char)text[i]))
            return error_set(err, ERROR_INVALID, "has a line break or control character, which no header can carry");
    return 0;
}

/* The content of a file, which must not hold NUL. */
static int read_text(const char *path, size_t maximum, struct strbuf *ret, struct error *err)
{
    ret->maximum = maximum;
    if (file_read(path, ret, err) < 0)
        return -1;
    if (strlen(strbuf_text(ret)) != ret->length)
        return error_set(err, ERROR_INVALID, "%s: is not text", path);
    return 0;
}

int secret_read_token(const char *path, char **ret, struct error *err)
{
    auto_strbuf struct strbuf text = { 0 };
    auto_free char *token = NULL;
    const char *start;
    size_t length;

    if (read_text(path, 2 * KUBE_MAX_HEADER, &text, err) < 0)
        return -1;
    start = strbuf_text(&text) + strspn(strbuf_text(&text), " \t\r\n");
    for (length = strlen(start); length && isspace((unsigned char)start[length - 1]); length--)
        ;
    token = xstrndup(start, length);
    if (secret_check_header(token, err) < 0)
        return error_wrap(err, "%s: the token in it", path);
    *ret = take(token);
    return 0;
}

int secret_read_pem(const char *path, char **ret, struct error *err)
{
    auto_strbuf struct strbuf text = { 0 };

    if (read_text(path, KUBE_MAX_PEM, &text, err) < 0)
        return -1;
    *ret = strbuf_detach(&text);
    return 0;
}
