#define _GNU_SOURCE /* timegm */
#include "fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "memory.h"
#include "strbuf.h"

enum { MAX_LIST_ITEMS = 10000 };

/* Where the decoder is, for messages: a chain on the stack. */
struct place {
    const struct place *up;
    const char *name; /* of a field; NULL: an item of a list */
    size_t index;
};

static void put_place(const struct place *place, struct strbuf *out)
{
    if (place->up)
        put_place(place->up, out);
    if (!place->name)
        strbuf_addf(out, "[%zu]", place->index);
    else
        strbuf_addf(out, "%s%s", out->length ? "." : "", place->name);
}

static int fail(const struct place *place, struct error *err, const char *format, ...) printf_like(3, 4);

static int fail(const struct place *place, struct error *err, const char *format, ...)
{
    auto_strbuf struct strbuf path = { 0 };
    char problem[256];
    va_list args;

    va_start(args, format);
    vsnprintf(problem, sizeof(problem), format, args);
    va_end(args);
    put_place(place, &path);
    return error_set(err, ERROR_INVALID, "%s: %s", strbuf_text(&path), problem);
}

/* Reads numbers by a shape: d is a digit of the number at hand, another character is itself and ends the number. */
static const char *read_shape(const char *text, const char *shape, int *numbers)
{
    for (; *shape; shape++, text++) {
        if (*shape == 'd' && *text >= '0' && *text <= '9')
            *numbers = *numbers * 10 + *text - '0';
        else if (*shape == 'd' || *text != *shape)
            return NULL;
        else
            numbers++;
    }
    return text;
}

int64_t fields_parse_time(const char *text)
{
    int at[6] = { 0 }, zone[2] = { 0 };
    const char *rest = read_shape(text, "dddd-dd-ddTdd:dd:dd", at), *end;
    struct tm tm = {
        .tm_min = at[4], .tm_hour = at[3], .tm_mday = at[2], .tm_mon = at[1] - 1, .tm_year = at[0] - 1900
    };
    int64_t seconds = timegm(&tm) + at[5];

    if (!rest || tm.tm_min != at[4] || tm.tm_hour != at[3] || tm.tm_mday != at[2] || tm.tm_mon != at[1] - 1 ||
        at[5] > 59)
        return -1;
    if (*rest == '.' && rest[1] >= '0' && rest[1] <= '9')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (strcmp(rest, "Z") == 0)
        return seconds;
    end = *rest ? read_shape(rest + 1, "dd:dd", zone) : NULL;
    if (!end || *end || !strchr("+-", *rest) || zone[0] > 23 || zone[1] > 59)
        return -1;
    return seconds - (*rest == '+' ? 60 : -60) * (zone[0] * 60 + zone[1]);
}

char *fields_format_time(struct arena *arena, int64_t seconds)
{
    time_t time = (time_t)seconds;
    char text[32];
    struct tm tm;

    gmtime_r(&time, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return arena_strdup(arena, text);
}

static int decode_object(const struct fields *type,
                         const struct place *place,
                         struct scan *scan,
                         struct arena *arena,
                         void *ret,
                         struct error *err);

static int bad_scan(const struct place *place, const struct scan *scan, struct error *err)
{
    return fail(place, err, "%s", scan->problem);
}

static int decode_string(
    const struct place *place, struct scan *scan, struct arena *arena, const char **ret, struct error *err)
{
    *ret = scan_string(scan, arena);
    return *ret ? 0 : bad_scan(place, scan, err);
}

static int decode_enum(const struct field *field,
                       const struct place *place,
                       struct scan *scan,
                       struct arena *arena,
                       int *ret,
                       struct error *err)
{
    const char *text;

    if (decode_string(place, scan, arena, &text, err) < 0)
        return -1;
    for (int i = 0; field->names[i]; i++) {
        if (strcmp(field->names[i], text) == 0) {
            *ret = i + 1;
            return 0;
        }
    }
    return fail(place, err, "unknown value '%.60s'", text);
}

static int decode_time(
    const struct place *place, struct scan *scan, struct arena *arena, int64_t *ret, struct error *err)
{
    const char *text;

    if (decode_string(place, scan, arena, &text, err) < 0)
        return -1;
    *ret = fields_parse_time(text);
    return *ret == -1 ? fail(place, err, "'%.60s' is not an RFC 3339 time", text) : 0;
}

static int decode_int(
    const struct field *field, const struct place *place, struct scan *scan, int64_t *ret, struct error *err)
{
    *ret = scan_int(scan);
    if (scan_failed(scan))
        return bad_scan(place, scan, err);
    if (!field->min && !field->max)
        return 0;
    if (*ret < field->min)
        return fail(place, err, "%" PRId64 " is below %" PRId64, *ret, field->min);
    if (*ret > field->max)
        return fail(place, err, "%" PRId64 " is above %" PRId64, *ret, field->max);
    return 0;
}

/* Decodes one item of a list to `slot`. */
static int decode_item(const struct field *field,
                       const struct place *place,
                       struct scan *scan,
                       struct arena *arena,
                       void *slot,
                       struct error *err)
{
    static const struct field any_int;

    switch (field->type) {
    case FIELD_STRINGS:
        return decode_string(place, scan, arena, slot, err);
    case FIELD_INTS:
        return decode_int(&any_int, place, scan, slot, err);
    default:
        return decode_object(field->of, place, scan, arena, slot, err);
    }
}

static size_t item_size(const struct field *field)
{
    return field->type == FIELD_STRINGS ? sizeof(char *)
           : field->type == FIELD_INTS  ? sizeof(int64_t)
                                        : field->of->size;
}

static int decode_list(const struct field *field,
                       const struct place *place,
                       struct scan *scan,
                       struct arena *arena,
                       char *out,
                       struct error *err)
{
    size_t limit = field->max ? (size_t)field->max : MAX_LIST_ITEMS, size = item_size(field), count = 0, capacity = 0;
    auto_free char *items = NULL;

    if (!scan_open(scan, SCAN_ARRAY))
        return bad_scan(place, scan, err);
    while (scan_item(scan)) {
        struct place here = { place, NULL, count };

        if (count == limit)
            return fail(place, err, "more than %zu items", limit);
        if (count == capacity) {
            capacity = capacity ? 2 * capacity : 4;
            items = xrealloc(items, capacity * size);
        }
        if (decode_item(field, &here, scan, arena, items + count * size, err) < 0)
            return -1;
        count++;
    }
    if (scan_failed(scan))
        return bad_scan(place, scan, err);
    *(const void **)(out + field->offset) =
        count ? memcpy(arena_alloc(arena, count * size), items, count * size) : arena_alloc(arena, 1);
    *(size_t *)(out + field->extra) = count;
    return 0;
}

static int decode_nested(const struct field *field,
                         const struct place *place,
                         struct scan *scan,
                         struct arena *arena,
                         const void **ret,
                         struct error *err)
{
    void *nested = arena_alloc(arena, field->of->size);

    if (decode_object(field->of, place, scan, arena, nested, err) < 0)
        return -1;
    *ret = nested;
    return 0;
}

static int decode_field(const struct field *field,
                        const struct place *place,
                        struct scan *scan,
                        struct arena *arena,
                        char *out,
                        struct error *err)
{
    void *slot = out + field->offset;

    switch (field->type) {
    case FIELD_STRING:
        return decode_string(place, scan, arena, slot, err);
    case FIELD_ENUM:
        return decode_enum(field, place, scan, arena, slot, err);
    case FIELD_TIME:
        return decode_time(place, scan, arena, slot, err);
    case FIELD_INT:
        *(bool *)(out + field->extra) = true;
        return decode_int(field, place, scan, slot, err);
    case FIELD_BOOL:
        *(bool *)(out + field->extra) = true;
        *(bool *)slot = scan_bool(scan);
        return scan_failed(scan) ? bad_scan(place, scan, err) : 0;
    case FIELD_RAW:
        *(struct slice *)slot = scan_raw(scan);
        return scan_failed(scan) ? bad_scan(place, scan, err) : 0;
    case FIELD_OBJECT:
        return decode_nested(field, place, scan, arena, slot, err);
    case FIELD_LIST:
    case FIELD_STRINGS:
    case FIELD_INTS:
        return decode_list(field, place, scan, arena, out, err);
    }
    BUG("field '%s' has no type", field->name);
}

static const struct field *find_field(const struct fields *type, struct slice name)
{
    for (size_t i = 0; i < type->count; i++)
        if (slice_is(name, type->list[i].name))
            return &type->list[i];
    return NULL;
}

static int missing_field(const struct fields *type, const struct place *place, uint64_t seen, struct error *err)
{
    for (size_t i = 0; i < type->count; i++)
        if (type->list[i].required && !(seen & UINT64_C(1) << i))
            return fail(&(struct place){ place, type->list[i].name, 0 }, err, "is required");
    return 0;
}

static int decode_object(const struct fields *type,
                         const struct place *place,
                         struct scan *scan,
                         struct arena *arena,
                         void *ret,
                         struct error *err)
{
    struct slice key;
    uint64_t seen = 0;

    if (type->count > FIELDS_MAX)
        BUG("a struct of %zu fields", type->count);
    memset(ret, 0, type->size);
    if (!scan_open(scan, SCAN_OBJECT))
        return bad_scan(place, scan, err);
    while (scan_key(scan, &key)) {
        const struct field *field = find_field(type, key);

        if (!field || scan_peek(scan) == SCAN_NULL) {
            scan_skip(scan);
            continue;
        }
        seen |= UINT64_C(1) << (field - type->list);
        if (decode_field(field, &(struct place){ place, field->name, 0 }, scan, arena, ret, err) < 0)
            return -1;
    }
    if (scan_failed(scan))
        return bad_scan(place, scan, err);
    return missing_field(type, place, seen, err);
}

int fields_decode(
    const struct fields *type, const char *path, struct scan *scan, struct arena *arena, void *ret, struct error *err)
{
    return decode_object(type, &(struct place){ NULL, path, 0 }, scan, arena, ret, err);
}
