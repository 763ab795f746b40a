/* Any bytes as a Retry-After header, at any time: the answer is 0, or whole seconds up to 5 minutes. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "../../operator/http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_free char *text = NULL;
    int64_t now = 0;
    unsigned delay;

    if (size < sizeof(uint32_t))
        return 0;
    memcpy(&now, data, sizeof(uint32_t));
    text = xstrndup((const char *)data + sizeof(uint32_t), size - sizeof(uint32_t));
    delay = http_retry_after_ms(text, now);
    if (delay > 300000 || delay % 1000)
        abort();
    return 0;
}
