#pragma once
/* Globs over keys: * and ? stop at slashes, ** does not, and a double star with a slash behind it may also be nothing.
   A pattern fits a whole key. */

#include <stdbool.h>

bool glob_fits(const char *pattern, const char *key);
