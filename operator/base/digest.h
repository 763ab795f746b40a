#pragma once
/* Digests that name and compare things; the same on every machine and in every version. */

#include "slice.h"

enum { DIGEST_SHORT = 17 };

/* The first 16 hexadecimal digits of the SHA-256 of text. */
void digest_short(struct slice text, char ret_hex[DIGEST_SHORT]);
