#pragma once
/* Numbers as people read them, for messages and columns; in the arena. */

#include <stdint.h>

#include "../../operator/base/arena.h"

const char *bytes_text(struct arena *arena, int64_t bytes);                       /* 512, 1.5Ki, 12Gi */
const char *count_text(struct arena *arena, int64_t count, const char *singular); /* "1 object", "12 objects" */
