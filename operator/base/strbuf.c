#include "strbuf.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

void strbuf_init(struct strbuf *buf, size_t maximum)
{
    *buf = (struct strbuf){ .maximum = maximum };
}

void strbuf_finish(struct strbuf *buf)
{
    free(buf->data);
    *buf = (struct strbuf){ .maximum = buf->maximum };
}

void strbuf_clear(struct strbuf *buf)
{
    buf->length = 0;
    buf->overflow = false;
    if (buf->data)
        buf->data[0] = '\0';
}

/* Makes room for `more` bytes and a NUL; false, and the overflow mark, when that would pass the maximum. */
static bool reserve(struct strbuf *buf, size_t more)
{
    size_t maximum = buf->maximum ? buf->maximum : STRBUF_MAX_DOCUMENT;
    size_t capacity = buf->capacity ? buf->capacity : 64;

    if (buf->overflow || more > maximum || buf->length > maximum - more) {
        buf->overflow = true;
        return false;
    }
    while (capacity < buf->length + more + 1)
        capacity *= 2;
    if (capacity != buf->capacity) {
        buf->data = xrealloc(buf->data, capacity);
        buf->capacity = capacity;
    }
    return true;
}

void strbuf_append(struct strbuf *buf, const void *bytes, size_t length)
{
    if (!reserve(buf, length))
        return;
    if (length)
        memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void strbuf_adds(struct strbuf *buf, const char *text)
{
    strbuf_append(buf, text, strlen(text));
}

void strbuf_addc(struct strbuf *buf, char byte)
{
    strbuf_append(buf, &byte, 1);
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
    va_list args, again;
    int length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    if (length >= 0 && reserve(buf, (size_t)length)) {
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

void strbuf_add_escaped(struct strbuf *buf, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (isalnum((unsigned char)*c) || strchr("-._~", *c))
            strbuf_addc(buf, *c);
        else
            strbuf_addf(buf, "%%%02X", (unsigned char)*c);
    }
}

const char *strbuf_text(const struct strbuf *buf)
{
    return buf->data ? buf->data : "";
}

char *strbuf_detach(struct strbuf *buf)
{
    char *data = buf->data ? take(buf->data) : xstrdup("");

    strbuf_finish(buf);
    return data;
}
