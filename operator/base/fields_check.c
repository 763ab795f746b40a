#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "jb.h"
#include "strbuf.h"

/* A check in progress: where problems go, how many there were, and the path of what is looked at now. */
struct check {
    fields_report *report;
    void *context;
    unsigned problems;
    struct strbuf path;
};

static void problem(struct check *check, const char *format, ...) printf_like(2, 3);

static void problem(struct check *check, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    check->problems++;
    check->report(check->context, strbuf_text(&check->path), text);
}

static void enter(struct check *check, const char *name)
{
    strbuf_addf(&check->path, "%s%.100s", check->path.length ? "." : "", name);
}

static void leave(struct check *check, size_t length)
{
    check->path.length = length;
    check->path.data[length] = '\0';
}

static void check_object(struct check *check, const struct fields *type, json_t *object);

/* Characters of UTF-8 text, as the API server counts them. */
static int64_t characters(const char *text)
{
    int64_t count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static void check_pattern(struct check *check, const struct field *field, const char *text)
{
    regex_t pattern;

    if (!field->pattern)
        return;
    if (regcomp(&pattern, field->pattern, REG_EXTENDED | REG_NOSUB) != 0)
        BUG("pattern '%s' of field '%s'", field->pattern, field->name);
    if (regexec(&pattern, text, 0, NULL, 0) != 0)
        problem(check, "'%.60s' does not match %s", text, field->pattern);
    regfree(&pattern);
}

static void check_string(struct check *check, const struct field *field, const char *text)
{
    int64_t length = characters(text);

    if (field->max && length > field->max)
        problem(check, "'%.60s' is longer than %" PRId64 " characters", text, field->max);
    if (length < field->min)
        problem(check, "'%.60s' is shorter than %" PRId64 " characters", text, field->min);
    check_pattern(check, field, text);
}

static void check_enum(struct check *check, const struct field *field, const char *text)
{
    auto_strbuf struct strbuf known = { 0 };

    if (!field->names)
        return;
    for (size_t i = 0; field->names[i]; i++) {
        if (strcmp(field->names[i], text) == 0)
            return;
        strbuf_addf(&known, "%s%s", i ? ", " : "", field->names[i]);
    }
    problem(check, "unknown value '%.60s'; write one of %s", text, strbuf_text(&known));
}

static void check_int(struct check *check, const struct field *field, json_int_t value)
{
    if ((field->min || field->max) && (value < field->min || value > field->max))
        problem(
            check, "%" JSON_INTEGER_FORMAT " is not between %" PRId64 " and %" PRId64, value, field->min, field->max);
}

static const char *wanted_type(const struct field *field, const json_t *value)
{
    switch (field->type) {
    case FIELD_STRING:
    case FIELD_ENUM:
    case FIELD_TIME:
        return json_is_string(value) ? NULL : "a string";
    case FIELD_INT:
        return json_is_integer(value) ? NULL : "a whole number";
    case FIELD_BOOL:
        return json_is_boolean(value) ? NULL : "true or false";
    case FIELD_OBJECT:
        return json_is_object(value) ? NULL : "an object";
    case FIELD_LIST:
    case FIELD_STRINGS:
    case FIELD_INTS:
        return json_is_array(value) ? NULL : "a list";
    case FIELD_RAW:
        return field->of && !json_is_object(value) ? "an object" : NULL;
    }
    return NULL;
}

static void check_item(struct check *check, const struct field *field, json_t *item)
{
    if (field->type == FIELD_STRINGS && !json_is_string(item)) {
        problem(check, "expected a string");
    } else if (field->type == FIELD_INTS && !json_is_integer(item)) {
        problem(check, "expected a whole number");
    } else if (field->type == FIELD_LIST && !json_is_object(item)) {
        problem(check, "expected an object");
    } else if (field->type == FIELD_LIST) {
        check_object(check, field->of, item);
    } else if (field->type == FIELD_STRINGS) {
        check_enum(check, field, json_string_value(item));
        check_pattern(check, field, json_string_value(item));
    }
}

/* Reports an item that repeats an earlier one. */
static void check_unique(struct check *check, const struct field *field, json_t *list, size_t index)
{
    const json_t *item = json_array_get(list, index), *key = item;

    if (!field->unique)
        return;
    if (*field->unique)
        key = jb_get(item, field->unique);
    for (size_t i = 0; key && i < index; i++) {
        const json_t *earlier = json_array_get(list, i);

        if (!json_equal(key, *field->unique ? jb_get(earlier, field->unique) : earlier))
            continue;
        problem(check, "repeats item %zu%s%s", i, *field->unique ? ": the same " : "", field->unique);
        return;
    }
}

static void check_list(struct check *check, const struct field *field, json_t *list)
{
    size_t length = check->path.length, index;
    json_t *item;

    if (field->max && json_array_size(list) > (size_t)field->max)
        problem(check, "more than %" PRId64 " items", field->max);
    if (json_array_size(list) < (size_t)field->min)
        problem(check, "fewer than %" PRId64 " items", field->min);
    json_array_foreach(list, index, item) {
        strbuf_addf(&check->path, "[%zu]", index);
        check_item(check, field, item);
        check_unique(check, field, list, index);
        leave(check, length);
    }
}

static void check_value(struct check *check, const struct field *field, json_t *value)
{
    const char *wanted = wanted_type(field, value);

    if (wanted) {
        problem(check, "expected %s", wanted);
        return;
    }
    switch (field->type) {
    case FIELD_STRING:
        check_string(check, field, json_string_value(value));
        break;
    case FIELD_ENUM:
        check_enum(check, field, json_string_value(value));
        break;
    case FIELD_TIME:
        if (fields_parse_time(json_string_value(value)) == -1)
            problem(check, "'%.60s' is not an RFC 3339 time", json_string_value(value));
        break;
    case FIELD_INT:
        check_int(check, field, json_integer_value(value));
        break;
    case FIELD_RAW:
    case FIELD_OBJECT:
        if (field->of)
            check_object(check, field->of, value);
        break;
    case FIELD_LIST:
    case FIELD_STRINGS:
    case FIELD_INTS:
        check_list(check, field, value);
        break;
    case FIELD_BOOL:
        break;
    }
}

static void check_unknown(struct check *check, const struct fields *type, json_t *object)
{
    size_t length = check->path.length;
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value) {
        bool known = false;

        for (size_t i = 0; i < type->count; i++)
            known |= strcmp(type->list[i].name, key) == 0;
        if (known)
            continue;
        enter(check, key);
        problem(check, "unknown field");
        leave(check, length);
    }
}

static json_t *preset_value(const struct field *field)
{
    struct error err;
    json_t *value;

    if (jb_parse(slice_of(field->preset), &value, &err) < 0)
        BUG("default of field '%s': %s", field->name, err.message);
    return value;
}

/* As the API server does, a null is taken for no entry: also one that makes the map too large. */
static void check_map(struct check *check, const struct fields *type, json_t *map)
{
    size_t length = check->path.length;
    const char *key;
    json_t *value;
    void *next;

    json_object_foreach_safe(map, next, key, value) {
        enter(check, key);
        if (json_is_null(value))
            json_object_del(map, key);
        else
            check_value(check, type->each, value);
        leave(check, length);
    }
    if (type->max && json_object_size(map) > (size_t)type->max)
        problem(check, "more than %" PRId64 " entries", type->max);
    if (json_object_size(map) < (size_t)type->min)
        problem(check, "fewer than %" PRId64 " entries", type->min);
}

static void check_object(struct check *check, const struct fields *type, json_t *object)
{
    size_t length = check->path.length;

    if (type->each)
        check_map(check, type, object);
    else if (!type->open)
        check_unknown(check, type, object);
    for (size_t i = 0; i < type->count; i++) {
        const struct field *field = &type->list[i];
        json_t *value = json_object_get(object, field->name);

        if (json_is_null(value)) {
            json_object_del(object, field->name);
            value = NULL;
        }
        if (!value && field->preset) {
            jb_set(object, field->name, preset_value(field));
            value = json_object_get(object, field->name);
        }
        enter(check, field->name);
        if (value)
            check_value(check, field, value);
        else if (field->required)
            problem(check, "is required");
        leave(check, length);
    }
}

unsigned fields_check(const struct fields *type, const char *path, json_t *object, fields_report *report, void *context)
{
    struct check check = { .report = report, .context = context };

    strbuf_adds(&check.path, path);
    check_object(&check, type, object);
    strbuf_finish(&check.path);
    return check.problems;
}
