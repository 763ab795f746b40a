#define _GNU_SOURCE /* strptime, timegm */
#include "page.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "../../operator/base/memory.h"
#include "xml.h"

enum { MAX_ITEMS = 100000 }; /* servers send 1000; none is asked for more */

struct reader {
    struct xml xml;
    struct s3_page page;
    size_t capacity, folder_capacity;
    bool is_list, is_truncated, is_encoded;
};

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* encoding-type=url, as S3 does it: "+" for a space, "%2B" for a plus. False at a NUL or half an escape. */
static bool decode(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        int high, low;

        if (*from != '%') {
            *to++ = *from == '+' ? ' ' : *from;
            continue;
        }
        high = hex_digit(from[1]);
        low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || !(high | low))
            return false;
        *to++ = (char)(high << 4 | low);
        from += 2;
    }
    *to = '\0';
    return true;
}

/* The text of the element that just closed; NULL when it cannot be read. */
static char *text_of(struct reader *reader)
{
    auto_strbuf struct strbuf text = { .maximum = 16 * S3_KEY_MAX };

    if (!xml_unescape(reader->xml.text, &text) || text.overflow)
        return NULL;
    return arena_strdup(&reader->page.arena, strbuf_text(&text));
}

static uint64_t parse_size(const char *text)
{
    char *end;
    unsigned long long size;

    errno = 0;
    size = text ? strtoull(text, &end, 10) : 0;
    return !text || !isdigit((unsigned char)*text) || *end || errno ? UINT64_MAX : size;
}

static int64_t parse_time(const char *text)
{
    struct tm tm = { 0 };
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

    return end ? timegm(&tm) : 0;
}

static bool read_field(struct reader *reader, struct slice name, struct s3_object *object)
{
    if (slice_is(name, "Key"))
        return (object->key = text_of(reader));
    if (slice_is(name, "ETag"))
        return (object->etag = text_of(reader));
    if (slice_is(name, "Size"))
        return (object->size = parse_size(text_of(reader))) != UINT64_MAX;
    if (slice_is(name, "LastModified"))
        object->modified = parse_time(text_of(reader));
    return true;
}

/* Reads on to the end of the element that was opened; fields are its direct children. */
static bool read_object(struct reader *reader)
{
    struct s3_object object = { .etag = "" };
    size_t depth = reader->xml.depth;
    struct slice name;

    while (reader->xml.depth >= depth) {
        enum xml_event event = xml_next(&reader->xml, &name);

        if (event == XML_END)
            return false;
        if (event == XML_CLOSE && reader->xml.depth == depth && !read_field(reader, name, &object))
            return false;
    }
    if (!object.key || !*object.key || reader->page.count == MAX_ITEMS)
        return false;
    grow(reader->page.objects, reader->page.count, reader->capacity);
    reader->page.objects[reader->page.count++] = object;
    return true;
}

static bool read_folder(struct reader *reader)
{
    size_t depth = reader->xml.depth;
    const char *prefix = NULL;
    struct slice name;

    while (reader->xml.depth >= depth) {
        enum xml_event event = xml_next(&reader->xml, &name);

        if (event == XML_END)
            return false;
        if (event == XML_CLOSE && slice_is(name, "Prefix"))
            prefix = text_of(reader);
    }
    if (!prefix || !*prefix || reader->page.folder_count == MAX_ITEMS)
        return false;
    grow(reader->page.folders, reader->page.folder_count, reader->folder_capacity);
    reader->page.folders[reader->page.folder_count++] = prefix;
    return true;
}

static bool read_page(struct reader *reader)
{
    enum xml_event event;
    struct slice name;

    while ((event = xml_next(&reader->xml, &name)) != XML_END) {
        if (event == XML_OPEN && slice_is(name, "ListBucketResult"))
            reader->is_list = true;
        else if (event == XML_OPEN && slice_is(name, "Contents")) {
            if (!read_object(reader))
                return false;
        } else if (event == XML_OPEN && slice_is(name, "CommonPrefixes")) {
            if (!read_folder(reader))
                return false;
        } else if (event == XML_CLOSE && slice_is(name, "IsTruncated"))
            reader->is_truncated = slice_is(reader->xml.text, "true");
        else if (event == XML_CLOSE && slice_is(name, "EncodingType"))
            reader->is_encoded = slice_is(reader->xml.text, "url");
        else if (event == XML_CLOSE && slice_is(name, "NextContinuationToken"))
            reader->page.token = text_of(reader);
    }
    return !reader->xml.problem && reader->is_list && (!reader->is_truncated || reader->page.token);
}

static const char *decode_all(struct s3_page *page)
{
    for (size_t i = 0; i < page->count; i++)
        if (!decode((char *)page->objects[i].key))
            return page->objects[i].key;
    for (size_t i = 0; i < page->folder_count; i++)
        if (!decode((char *)page->folders[i]))
            return page->folders[i];
    return NULL;
}

int s3_page_parse(struct slice document, struct s3_page *ret, struct failure *failure)
{
    struct reader reader = { 0 };
    const char *wrong;
    int result = 0;

    xml_init(&reader.xml, document);
    if (!read_page(&reader))
        result = failure_set(failure,
                             REASON_SERVER_ERROR,
                             "the answer is no page of a listing: %s: check that the endpoint speaks S3",
                             reader.xml.problem ? reader.xml.problem : "an element is missing or cannot be read");
    else if (reader.is_encoded && (wrong = decode_all(&reader.page)))
        result = failure_set(failure,
                             REASON_INVALID_KEY,
                             "the key %.200s cannot be the name of a file: rename it, or choose another prefix",
                             wrong);
    if (result < 0) {
        s3_page_finish(&reader.page);
        return -1;
    }
    if (!reader.is_truncated)
        reader.page.token = NULL;
    *ret = reader.page;
    return 0;
}

void s3_page_finish(struct s3_page *page)
{
    free(page->objects);
    free(page->folders);
    arena_finish(&page->arena);
    *page = (struct s3_page){ 0 };
}
