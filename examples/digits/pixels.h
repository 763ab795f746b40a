#pragma once
/* The body of a question: {"pixels": [64 whole numbers from 0 to 16]}. Pure. */

#include <stddef.h>

#include "data.h"

/* Fills the pixels of a digit. On failure the message says what is wrong, for who sent it; the exit code means nothing.
 */
int pixels_parse(const char *json, size_t size, struct digit *ret_digit, struct error *err);
