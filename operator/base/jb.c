#define _GNU_SOURCE /* vasprintf */
#include "jb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

static json_t array_end;

json_t *jb_array_end(void)
{
    return &array_end;
}

static json_t *made(json_t *value)
{
    if (!value)
        BUG("cannot make a JSON value");
    return value;
}

json_t *jb_object(struct jb_pair *pairs)
{
    json_t *object = made(json_object());

    for (; pairs->key; pairs++)
        if (pairs->value)
            json_object_set_new(object, pairs->key, pairs->value);
    return object;
}

json_t *jb_array(json_t **values)
{
    json_t *array = made(json_array());

    for (; *values != &array_end; values++)
        jb_append(array, *values);
    return array;
}

/* The length of the valid UTF-8 sequence at text, 0 when there is none (overlong, surrogate, above U+10FFFF, NUL). */
static size_t utf8_sequence(const unsigned char *text, size_t length)
{
    static const unsigned char first_low[] = { [0xe0 - 0xe0] = 0xa0, [0xf0 - 0xe0] = 0x90 };
    size_t size = text[0] < 0x80   ? 1
                  : text[0] < 0xc2 ? 0
                  : text[0] < 0xe0 ? 2
                  : text[0] < 0xf0 ? 3
                  : text[0] < 0xf5 ? 4
                                   : 0;
    unsigned char low = 0x80, high = 0xbf;

    if (!size || size > length || !text[0])
        return 0;
    if (text[0] == 0xe0 || text[0] == 0xf0)
        low = first_low[text[0] - 0xe0];
    if (text[0] == 0xed)
        high = 0x9f;
    if (text[0] == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < size; i++, low = 0x80, high = 0xbf)
        if (text[i] < low || text[i] > high)
            return 0;
    return size;
}

/* Copies text with every invalid byte replaced; the result is at most three times as long. */
static json_t *repaired(const char *text, size_t length)
{
    auto_free char *valid = xcalloc(length, 3);
    size_t used = 0, size;

    for (size_t at = 0; at < length; at += size ? size : 1) {
        size = utf8_sequence((const unsigned char *)text + at, length - at);
        memcpy(valid + used, size ? text + at : "\xef\xbf\xbd", size ? size : 3);
        used += size ? size : 3;
    }
    return made(json_stringn_nocheck(valid, used));
}

json_t *jb_strn(const char *text, size_t length)
{
    json_t *value = json_stringn(text, length);

    return value ? value : repaired(text, length);
}

json_t *jb_str(const char *text)
{
    return text ? jb_strn(text, strlen(text)) : NULL;
}

json_t *jb_fmt(const char *format, ...)
{
    auto_free char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        BUG("cannot format '%s'", format);
    va_end(args);
    return jb_str(text);
}

json_t *jb_int(int64_t value)
{
    return made(json_integer(value));
}

json_t *jb_bool(bool value)
{
    return json_boolean(value);
}

json_t *jb_copy(const json_t *value)
{
    return value ? made(json_deep_copy(value)) : NULL;
}

void jb_set(json_t *object, const char *key, json_t *value)
{
    if (value)
        json_object_set_new(object, key, value);
    else
        json_object_del(object, key);
}

void jb_append(json_t *array, json_t *value)
{
    if (value)
        json_array_append_new(array, value);
}

const json_t *jb_get(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

const char *jb_get_str(const json_t *object, const char *key)
{
    const char *text = json_string_value(jb_get(object, key));

    return text ? text : "";
}

int64_t jb_get_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = jb_get(object, key);

    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

const json_t *jb_named(const json_t *array, const char *name)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);

        if (strcmp(jb_get_str(item, "name"), name) == 0)
            return item;
    }
    return NULL;
}

json_t *jb_child_object(json_t *object, const char *key)
{
    if (!json_is_object(json_object_get(object, key)))
        json_object_set_new(object, key, made(json_object()));
    return json_object_get(object, key);
}

json_t *jb_child_array(json_t *object, const char *key)
{
    if (!json_is_array(json_object_get(object, key)))
        json_object_set_new(object, key, made(json_array()));
    return json_object_get(object, key);
}

int jb_parse(struct slice text, json_t **ret_value, struct error *err)
{
    json_error_t problem;
    json_t *value;

    if (text.length && memchr(text.data, '\0', text.length)) /* jansson takes it for the end */
        return error_set(err, ERROR_INVALID, "not JSON: a NUL byte");
    value = json_loadb(text.length ? text.data : "", text.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (!value)
        return error_set(err, ERROR_INVALID, "not JSON: %s (byte %d)", problem.text, problem.position);
    *ret_value = value;
    return 0;
}

char *jb_dump(const json_t *value, bool sorted)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | (sorted ? JSON_SORT_KEYS : 0));

    if (!text)
        BUG("cannot dump a JSON value");
    return text;
}

json_t *jb_merge_patch(const json_t *from, const json_t *to)
{
    json_t *patch = NULL;
    const char *key;
    json_t *value;

    if (!json_is_object(from) || !json_is_object(to))
        return json_equal(from, to) ? NULL : jb_copy(to);
    json_object_foreach((json_t *)from, key, value) {
        if (json_object_get(to, key))
            continue;
        patch = patch ? patch : made(json_object());
        json_object_set_new(patch, key, json_null());
    }
    json_object_foreach((json_t *)to, key, value) {
        json_t *change = jb_merge_patch(json_object_get(from, key), value);

        if (!change)
            continue;
        patch = patch ? patch : made(json_object());
        json_object_set_new(patch, key, change);
    }
    return patch;
}
