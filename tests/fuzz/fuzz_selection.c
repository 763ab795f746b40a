/* What a selection makes of any partition, glob and key: "PARTITION\0GLOB\0KEY". */

#include <stdint.h>
#include <string.h>

#include "../../agent/manifest.h"
#include "../../agent/select.h"
#include "../../operator/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    auto_free char *text = xcalloc(1, length + 3); /* so that there are three texts, whatever it is */
    const char *partition = text, *glob, *key;
    struct selection selection = { 0 };
    struct failure failure;

    memcpy(text, bytes, length);
    glob = partition + strlen(partition) + 1;
    key = glob + strlen(glob) + 1;
    if (key > text + length + 2)
        key = "";
    if (selection_add_partition(&selection, partition, &failure) == 0) {
        selection.include = (const char *const[]){ glob, NULL };
        if (selection_wants(&selection, key) && selection_enter(&selection, key) != S3_ENTER)
            BUG("wanted, and not entered");
    }
    key_problem(key);
    selection_finish(&selection);
    return 0;
}
