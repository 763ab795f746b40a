/*
 * Two documents with a NUL byte between them: the merge patch from one to the other, applied, gives the other; a dump
 * is parsed back as it was; and any bytes at all become a string that can be dumped.
 */

#include <stdint.h>
#include <stdlib.h>

#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

/* Members that are null go: a merge patch cannot write them. */
static void strip_nulls(json_t *value)
{
    const char *key;
    json_t *member;
    void *next;

    json_object_foreach_safe(value, next, key, member) {
        if (json_is_null(member))
            json_object_del(value, key);
        else
            strip_nulls(member);
    }
}

/* RFC 7386, section 2, word by word. Takes target; the caller owns the result. */
static json_t *merge_patch(json_t *target, const json_t *patch)
{
    const char *key;
    json_t *value;

    if (!json_is_object(patch)) {
        json_decref(target);
        return jb_copy(patch);
    }
    if (!json_is_object(target)) {
        json_decref(target);
        target = json_object();
    }
    json_object_foreach((json_t *)patch, key, value) {
        if (json_is_null(value))
            json_object_del(target, key);
        else
            json_object_set_new(target, key, merge_patch(jb_copy(jb_get(target, key)), value));
    }
    return target;
}

static void check_patch(const json_t *from, const json_t *to)
{
    json_t *patch = jb_merge_patch(from, to), *result;

    CHECK((patch == NULL) == json_equal(from, to));
    if (!patch)
        return;
    result = merge_patch(jb_copy(from), patch);
    CHECK(json_equal(result, to));
    json_decref(result);
    json_decref(patch);
}

static void check_dump(const json_t *value)
{
    auto_free char *text = jb_dump(value, true), *second = NULL;
    struct error err;
    json_t *again;

    CHECK(jb_parse(slice_of(text), &again, &err) == 0);
    CHECK(json_equal(again, value));
    second = jb_dump(again, true);
    CHECK(strcmp(text, second) == 0);
    json_decref(again);
}

static void check_string(const uint8_t *data, size_t size)
{
    json_t *value = jb_strn((const char *)data, size), *copy;
    auto_free char *text = jb_dump(value, false);

    CHECK(text && json_string_length(value) <= 3 * size);
    copy = jb_strn(json_string_value(value), json_string_length(value)); /* repaired once, it is left alone */
    CHECK(json_equal(value, copy));
    json_decref(value);
    json_decref(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *middle = size ? memchr(data, '\0', size) : NULL;
    struct error err;
    json_t *from, *to;

    check_string(data, size);
    if (!middle || jb_parse((struct slice){ (const char *)data, (size_t)(middle - data) }, &from, &err) < 0)
        return 0;
    check_dump(from);
    if (jb_parse((struct slice){ (const char *)middle + 1, (size_t)(data + size - middle - 1) }, &to, &err) == 0) {
        strip_nulls(from);
        strip_nulls(to);
        check_patch(from, to);
        json_decref(to);
    }
    json_decref(from);
    return 0;
}
