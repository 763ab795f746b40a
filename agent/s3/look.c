#include "look.h"

#include <stdlib.h>

#include "../../operator/base/memory.h"
#include "../sha256.h"
#include "call.h"

struct look {
    struct s3_call call;
    char *key;
    char wanted[SHA256_BASE64];
    s3_looked *done;
    void *context;
};

/* That of an object in parts is the checksum of their checksums, "...=-4", and never equal. */
static void looked(struct s3_call *call, const struct failure *failure)
{
    struct look *look = call->context;
    const char *is = failure ? NULL : s3_call_header(call, "x-amz-checksum-sha256");

    look->done(look->context,
               is && strcmp(is, look->wanted) == 0,
               failure && failure->reason != REASON_NO_SUCH_KEY ? failure : NULL);
    free(look->key);
    free(look);
}

void s3_look(struct s3 *s3, const char *key, const char *sha256, s3_looked *done, void *context)
{
    struct look *look = xcalloc(1, sizeof(*look));

    *look = (struct look){ .key = xstrdup(key), .done = done, .context = context };
    sha256_base64(sha256, look->wanted);
    look->call = (struct s3_call){ .method = "HEAD",
                                   .key = look->key,
                                   .headers = { { "x-amz-checksum-mode", "ENABLED" } },
                                   .header_count = 1,
                                   .done = looked,
                                   .context = look };
    s3_call_start(s3, &look->call);
}
