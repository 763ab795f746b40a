#pragma once
/* What the file system says, as a reason. */

#include "reason.h"

/* "what: No space left on device: ...", REASON_DISK_FULL, REASON_READ_ONLY_VOLUME or REASON_SERVER_ERROR. Returns -1.
 */
int volume_failure(struct failure *failure, int error, const char *format, ...) printf_like(3, 4);
