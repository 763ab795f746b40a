/* Any bytes as a manifest: what is read is one exactly, so that written again it has the same digest. */

#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char is[SHA256_HEX], wanted[SHA256_HEX];
    struct manifest_writer writer;
    struct manifest_reader reader;
    struct manifest_line line;
    struct failure failure;
    int there;

    if (!size)
        return 0;
    manifest_start(&reader, fmemopen((void *)(uintptr_t)data, size, "r"), "it");
    manifest_writer_start(&writer, NULL);
    while ((there = manifest_read(&reader, &line, &failure)) > 0) {
        CHECK(is_sha256(line.sha256) && !key_problem(line.key));
        CHECK(manifest_write(&writer, &line, &failure) == 0);
    }
    manifest_close(&reader, is);
    CHECK(manifest_writer_end(&writer, wanted, &failure) == 0);
    CHECK(there < 0 ? failure.reason == REASON_CHECKSUM_MISMATCH : strcmp(is, wanted) == 0);
    return 0;
}
