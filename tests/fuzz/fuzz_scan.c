/*
 * What jansson takes for JSON, the scanner reads as the same values; what it does not, the scanner survives, and ends
 * within the text (the sanitizers watch the bytes behind it).
 */

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

static void compare(struct scan *scan, const json_t *value, struct arena *arena);

static void compare_object(struct scan *scan, const json_t *value, struct arena *arena)
{
    void *member = json_object_iter((json_t *)value);
    struct slice key;

    CHECK(scan_open(scan, SCAN_OBJECT));
    while (scan_key(scan, &key)) {
        CHECK(member != NULL);
        if (!memchr(key.data, '\\', key.length))
            CHECK(slice_is(key, json_object_iter_key(member)));
        compare(scan, json_object_iter_value(member), arena);
        member = json_object_iter_next((json_t *)value, member);
    }
    CHECK(member == NULL);
}

static void compare_array(struct scan *scan, const json_t *value, struct arena *arena)
{
    size_t count = 0;

    CHECK(scan_open(scan, SCAN_ARRAY));
    while (scan_item(scan))
        compare(scan, json_array_get(value, count++), arena);
    CHECK(count == json_array_size(value));
}

static void compare(struct scan *scan, const json_t *value, struct arena *arena)
{
    struct scan before = *scan;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        compare_object(scan, value, arena);
        break;
    case JSON_ARRAY:
        compare_array(scan, value, arena);
        break;
    case JSON_STRING:
        CHECK(strcmp(scan_string(scan, arena), json_string_value(value)) == 0);
        break;
    case JSON_INTEGER:
        CHECK(scan_int(scan) == json_integer_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        CHECK(scan_bool(scan) == json_is_true(value));
        break;
    case JSON_REAL:
        scan_int(&before);
        CHECK(scan_failed(&before));
        before = *scan;
        scan_skip(scan);
        break;
    case JSON_NULL:
        CHECK(scan_peek(scan) == SCAN_NULL);
        scan_skip(scan);
        break;
    }
    CHECK(!scan_failed(scan));
    scan_skip(&before); /* skipping comes to the same place as reading */
    CHECK(json_is_real(value) || before.at == scan->at);
}

/* Reads whatever is ahead. */
static void wander(struct scan *scan, struct arena *arena, unsigned depth)
{
    struct slice key;

    switch (scan_peek(scan)) {
    case SCAN_OBJECT:
        scan_open(scan, SCAN_OBJECT);
        while (scan_key(scan, &key) && depth < 100)
            wander(scan, arena, depth + 1);
        break;
    case SCAN_ARRAY:
        scan_open(scan, SCAN_ARRAY);
        while (scan_item(scan) && depth < 100)
            wander(scan, arena, depth + 1);
        break;
    case SCAN_STRING:
        scan_string(scan, arena);
        break;
    case SCAN_NUMBER:
        scan_int(scan);
        break;
    case SCAN_BOOL:
        scan_bool(scan);
        break;
    default:
        scan_skip(scan);
    }
    CHECK(scan->at >= scan->start && scan->at <= scan->end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_free char *text = memcpy(xcalloc(1, size), data, size);
    auto_arena struct arena arena = { 0 };
    struct slice raw;
    struct scan scan;
    struct error err;
    json_t *value;

    scan_init(&scan, (struct slice){ text, size });
    wander(&scan, &arena, 0);
    scan_init(&scan, (struct slice){ text, size });
    raw = scan_raw(&scan);
    CHECK(scan_failed(&scan) == !raw.data);

    if (jb_parse((struct slice){ text, size }, &value, &err) < 0)
        return 0;
    scan_init(&scan, (struct slice){ text, size });
    compare(&scan, value, &arena);
    scan_end(&scan);
    CHECK(!scan_failed(&scan));
    CHECK(raw.data);
    json_decref(value);
    return 0;
}
