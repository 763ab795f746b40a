#pragma once
/* Looking at an object without reading it. */

#include "transfer.h"

/* failure as with s3_done. */
typedef void s3_looked(void *context, bool is_there, const struct failure *failure);

/*
 * Whether an object is there with this content, by the SHA-256 that the server has checked and kept since it was put:
 * what it does not tell is not there.
 */
void s3_look(struct s3 *s3, const char *key, const char *sha256, s3_looked *done, void *context);
