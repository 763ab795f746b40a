#pragma once
/*
 * A growing string with a hard maximum. `data` is always NUL-terminated once something was added, NULL before.
 * What does not fit is dropped and `overflow` is set, for good: whoever takes bytes from outside must look at it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

enum {
    STRBUF_MAX_TEXT = 16 * 1024,            /* a message, a path, a name */
    STRBUF_MAX_DOCUMENT = 16 * 1024 * 1024, /* a file, a watch message, the body of a write */
    STRBUF_MAX_RESPONSE = 64 * 1024 * 1024, /* a page of a list */
};

struct strbuf {
    char *data;
    size_t length;
    size_t capacity;
    size_t maximum; /* 0: STRBUF_MAX_DOCUMENT */
    bool overflow;
};

void strbuf_init(struct strbuf *buf, size_t maximum);
void strbuf_finish(struct strbuf *buf); /* frees; the struct is zeroed and may be used again */
void strbuf_clear(struct strbuf *buf);  /* empties and keeps the memory */

void strbuf_append(struct strbuf *buf, const void *bytes, size_t length);
void strbuf_adds(struct strbuf *buf, const char *text);
void strbuf_addc(struct strbuf *buf, char byte);
void strbuf_addf(struct strbuf *buf, const char *format, ...) printf_like(2, 3);

/* Appends text percent-encoded as one component of a URL path or query (RFC 3986, unreserved characters are kept). */
void strbuf_add_escaped(struct strbuf *buf, const char *text);

/* The content, never NULL; valid until the next change. */
const char *strbuf_text(const struct strbuf *buf);

/* Gives the content to the caller, who frees it; the buffer is empty afterwards. Never NULL. */
char *strbuf_detach(struct strbuf *buf);

#define auto_strbuf __attribute__((cleanup(strbuf_finish)))
