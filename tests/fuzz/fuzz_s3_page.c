/*
 * Any bytes as an answer of S3: pages and errors are read or refused, and what is taken holds what it promises. What
 * text is escaped as, it unescapes to.
 */

#include <stdint.h>
#include <stdlib.h>

#include "../../agent/s3/page.h"
#include "../../agent/s3/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

static void check_page(struct slice text)
{
    struct failure failure = { 0 };
    struct s3_page page;

    if (s3_page_parse(text, &page, &failure) < 0) {
        CHECK(failure.reason == REASON_SERVER_ERROR || failure.reason == REASON_INVALID_KEY);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        CHECK(*page.objects[i].key && page.objects[i].etag && page.objects[i].size != UINT64_MAX);
    for (size_t i = 0; i < page.folder_count; i++)
        CHECK(page.folders[i]);
    s3_page_finish(&page);
}

static void check_round_trip(struct slice text)
{
    auto_strbuf struct strbuf escaped = { 0 }, back = { 0 };

    for (size_t i = 0; i < text.length; i++)
        if (memchr("&<>", text.data[i], 3))
            strbuf_addf(&escaped, "&#%u;", (unsigned char)text.data[i]);
        else
            strbuf_addc(&escaped, text.data[i]);
    CHECK(xml_unescape((struct slice){ strbuf_text(&escaped), escaped.length }, &back));
    CHECK(back.length == text.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    auto_strbuf struct strbuf code = { 0 };

    check_page(text);
    check_round_trip(text);
    (void)xml_find(text, "Code", &code);
    return 0;
}
