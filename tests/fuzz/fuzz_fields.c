/*
 * The decoder against jansson's view of the same text: what it puts into a struct is what stands there, and what the
 * checker finds nothing wrong with, it decodes. The first byte chooses the table.
 */

#include <stdint.h>
#include <stdlib.h>

#include "../../controllers/trainingjob/trainingjob_fields.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

static void compare_object(const struct fields *type, const void *decoded, const json_t *object);

static void compare_list(const struct field *field, const void *items, size_t count, const json_t *list)
{
    CHECK(items && count == json_array_size(list));
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);

        if (field->type == FIELD_STRINGS)
            CHECK(strcmp(((const char *const *)items)[i], json_string_value(item)) == 0);
        else if (field->type == FIELD_INTS)
            CHECK(((const int64_t *)items)[i] == json_integer_value(item));
        else
            compare_object(field->of, (const char *)items + i * field->of->size, item);
    }
}

static void compare_raw(struct slice raw, const json_t *value)
{
    struct error err;
    json_t *parsed;

    CHECK(jb_parse(raw, &parsed, &err) == 0);
    CHECK(json_equal(parsed, value));
    json_decref(parsed);
}

static void compare_value(const struct field *field, const char *decoded, const json_t *value)
{
    const void *slot = decoded + field->offset;

    switch (field->type) {
    case FIELD_STRING:
        CHECK(strcmp(*(const char *const *)slot, json_string_value(value)) == 0);
        break;
    case FIELD_ENUM:
        CHECK(strcmp(field->names[*(const int *)slot - 1], json_string_value(value)) == 0);
        break;
    case FIELD_TIME:
        CHECK(*(const int64_t *)slot == fields_parse_time(json_string_value(value)));
        break;
    case FIELD_INT:
        CHECK(*(const bool *)(decoded + field->extra) && *(const int64_t *)slot == json_integer_value(value));
        break;
    case FIELD_BOOL:
        CHECK(*(const bool *)(decoded + field->extra) && *(const bool *)slot == json_is_true(value));
        break;
    case FIELD_RAW:
        compare_raw(*(const struct slice *)slot, value);
        break;
    case FIELD_OBJECT:
        compare_object(field->of, *(const void *const *)slot, value);
        break;
    case FIELD_LIST:
    case FIELD_STRINGS:
    case FIELD_INTS:
        compare_list(field, *(const void *const *)slot, *(const size_t *)(decoded + field->extra), value);
        break;
    }
}

static void compare_object(const struct fields *type, const void *decoded, const json_t *object)
{
    CHECK(json_is_object(object));
    for (size_t i = 0; i < type->count; i++) {
        const json_t *value = jb_get(object, type->list[i].name);

        if (value && !json_is_null(value))
            compare_value(&type->list[i], decoded, value);
    }
}

static void ignore(void *context, const char *path, const char *problem)
{
    (void)context;
    CHECK(*path && *problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fields *type = size && data[0] & 1 ? &trainingjob_status_type : &trainingjob_spec_type;
    struct slice text = { (const char *)data + 1, size ? size - 1 : 0 };
    auto_free char *memory = xcalloc(1, type->size);
    auto_arena struct arena arena = { 0 };
    struct error err = { 0 };
    struct scan scan;
    json_t *value;
    int status;

    if (!size)
        return 0;
    scan_init(&scan, text);
    status = fields_decode(type, "x", &scan, &arena, memory, &err);
    CHECK(status == 0 || (err.kind == ERROR_INVALID && strncmp(err.message, "x", 1) == 0));
    if (jb_parse(text, &value, &err) < 0)
        return 0;
    if (!memchr(text.data, '\\', text.length)) { /* a key with an escape equals no name for the decoder */
        if (status == 0)
            compare_object(type, memory, value);
        else if (json_is_object(value))
            CHECK(fields_check(type, "x", value, ignore, NULL) > 0);
    }
    json_decref(value);
    return 0;
}
