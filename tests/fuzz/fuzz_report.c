/* Any bytes as what a pod reports: it is taken as numbers that the status may hold, or not at all. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../controllers/agent/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_arena struct arena arena = { 0 };
    const struct object pod = { .name = "pod" };
    const struct report report = { "pod", 0, { (const char *)data, size } };
    const struct observed in = { .reports = &report, .report_count = 1, .arena = &arena };
    const struct run run = { .state = RUN_ACTIVE, .pod = &pod };
    struct transfer transfer = transfer_observe(&in, &run, (struct transfer){ 0 });
    json_auto_t *status = transfer_status(&transfer);

    if (!transfer.known)
        return 0;
    CHECK(transfer.objects >= 0 && transfer.bytes >= 0 && transfer.total_bytes >= 0 && transfer.bytes_per_second >= 0);
    CHECK(json_is_object(status) && *transfer_text(&transfer, &arena));
    CHECK(strlen(transfer_brief(&transfer, &arena)) <= 32); /* as the CRD allows */
    return 0;
}
