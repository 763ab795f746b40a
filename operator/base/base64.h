#pragma once
/* Base64 with the standard alphabet and padding (RFC 4648, section 4). */

#include <stdbool.h>
#include <stddef.h>

#include "strbuf.h"

/*
 * Appends the bytes that text stands for. Line breaks are skipped, as Go's decoder does. False when anything else is
 * wrong with text; `out` may then hold a part. An `out` that overflows says so itself.
 */
bool base64_decode(const char *text, struct strbuf *out);

void base64_encode(const void *bytes, size_t length, struct strbuf *out);
