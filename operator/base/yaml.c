#define _GNU_SOURCE /* memmem */
#include "yaml.h"

#include <inttypes.h>
#include <string.h>
#include <yaml.h>

#include "jb.h"
#include "map.h"
#include "memory.h"
#include "yaml_place.h"
#include "yaml_scalar.h"

struct anchor {
    char *name;
    json_t *value;
    struct yaml_place *place;
    size_t weight;
};

struct parser {
    yaml_parser_t yaml;
    const char *name;
    struct slice text;
    struct yaml out;
    struct map anchors; /* of the document being read */
    size_t weight;
    unsigned depth;
    struct error *err;
};

/* A value on its way into its parent. */
struct node {
    json_t *value; /* owned */
    struct yaml_place *place;
};

#define auto_event __attribute__((cleanup(yaml_event_delete)))

static int fail(const struct parser *parser, yaml_mark_t mark, const char *format, ...) printf_like(3, 4);

static int fail(const struct parser *parser, yaml_mark_t mark, const char *format, ...)
{
    char problem[256];
    va_list args;

    va_start(args, format);
    vsnprintf(problem, sizeof(problem), format, args);
    va_end(args);
    return error_set(
        parser->err, ERROR_INVALID, "%s:%zu:%zu: %s", parser->name, mark.line + 1, mark.column + 1, problem);
}

/* libyaml's own complaint. Those of its reader (bad UTF-8, control characters) come with an offset only. */
static int fail_syntax(const struct parser *parser)
{
    const yaml_parser_t *yaml = &parser->yaml;
    const char *problem = yaml->problem ? yaml->problem : "cannot be parsed";
    yaml_mark_t mark = yaml->problem_mark;

    if (yaml->error == YAML_MEMORY_ERROR)
        BUG("out of memory");
    if (yaml->error != YAML_READER_ERROR)
        return fail(parser, mark, "%s%s%s", problem, yaml->context ? " " : "", yaml->context ? yaml->context : "");
    mark = (yaml_mark_t){ 0 };
    for (size_t i = 0; i < yaml->problem_offset && i < parser->text.length; i++) {
        bool newline = parser->text.data[i] == '\n';

        mark.line += newline;
        mark.column = newline ? 0 : mark.column + 1;
    }
    return fail(parser, mark, "%s", problem);
}

static int next_event(struct parser *parser, yaml_event_t *ret)
{
    return yaml_parser_parse(&parser->yaml, ret) ? 0 : fail_syntax(parser);
}

/* Counts a value, or what an alias repeats. */
static int weigh(struct parser *parser, yaml_mark_t mark, size_t weight)
{
    if (weight > YAML_MAX_WEIGHT - parser->weight)
        return fail(parser, mark, "too large, with all its aliases written out");
    parser->weight += weight;
    return 0;
}

static struct yaml_place *new_place(struct parser *parser, yaml_mark_t mark)
{
    struct yaml_place *place = arena_new(&parser->out.places, struct yaml_place);

    place->line = (unsigned)mark.line + 1;
    return place;
}

static bool same_anchor(const void *value, const void *key)
{
    return strcmp(((const struct anchor *)value)->name, key) == 0;
}

static void destroy_anchor(struct anchor *anchor)
{
    if (!anchor)
        return;
    json_decref(anchor->value);
    free(anchor->name);
    free(anchor);
}

static void forget_anchors(struct parser *parser)
{
    struct anchor *anchor;

    for (size_t at = 0; (anchor = map_next(&parser->anchors, &at));)
        destroy_anchor(map_remove(&parser->anchors, map_hash(0, anchor->name), anchor->name));
    map_finish(&parser->anchors);
    map_init(&parser->anchors, same_anchor);
}

/* Keeps a value for aliases. `before` is the parser's weight before the value was read. */
static void remember(struct parser *parser, const yaml_char_t *name, const struct node *node, size_t before)
{
    struct anchor *anchor;

    if (!name)
        return;
    anchor = xcalloc(1, sizeof(*anchor));
    *anchor = (struct anchor){
        .name = xstrdup((const char *)name),
        .value = json_incref(node->value),
        .place = node->place,
        .weight = parser->weight - before,
    };
    destroy_anchor(map_put(&parser->anchors, map_hash(0, anchor->name), anchor->name, anchor));
}

static int read_alias(struct parser *parser, const yaml_event_t *event, struct node *ret)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *anchor = map_get(&parser->anchors, map_hash(0, name), name);

    if (!anchor)
        return fail(parser, event->start_mark, "an alias without an anchor before it");
    if (weigh(parser, event->start_mark, anchor->weight) < 0)
        return -1;
    *ret = (struct node){ jb_copy(anchor->value), new_place(parser, event->start_mark) };
    ret->place->first = anchor->place->first;
    return 0;
}

/* Whether the tag only confirms what the text is. */
static bool tag_confirms(const char *tag, enum yaml_type type)
{
    return (strcmp(tag, YAML_NULL_TAG) == 0 && type == YAML_NULL) ||
           (strcmp(tag, YAML_BOOL_TAG) == 0 && type == YAML_BOOL) ||
           (strcmp(tag, YAML_INT_TAG) == 0 && type == YAML_INT) ||
           (strcmp(tag, YAML_FLOAT_TAG) == 0 && (type == YAML_INT || type == YAML_REAL));
}

static int resolve(struct parser *parser, const yaml_event_t *event, struct yaml_scalar *ret)
{
    const char *tag = (const char *)event->data.scalar.tag, *text = (const char *)event->data.scalar.value;
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    bool string = tag ? strcmp(tag, "!") == 0 || strcmp(tag, YAML_STR_TAG) == 0 : !plain;
    struct yaml_scalar value = { .type = YAML_STRING };

    if (strlen(text) != event->data.scalar.length)
        return fail(parser, event->start_mark, "a NUL character");
    if (!string)
        value = yaml_resolve(text);
    if (tag && !string && !tag_confirms(tag, value.type))
        return fail(parser, event->start_mark, "a tag (!...) that is not known here or does not fit the value");
    if (value.type == YAML_NOT_FINITE)
        return fail(parser, event->start_mark, "infinity and NaN cannot be expressed in JSON: quote it if it is text");
    *ret = value;
    return 0;
}

static json_t *scalar_value(const struct yaml_scalar *scalar, const char *text)
{
    switch (scalar->type) {
    case YAML_NULL:
        return json_null();
    case YAML_BOOL:
        return jb_bool(scalar->integer);
    case YAML_INT:
        return jb_int(scalar->integer);
    case YAML_REAL:
        return json_real(scalar->real);
    default:
        return jb_str(text);
    }
}

static int read_scalar(struct parser *parser, const yaml_event_t *event, struct node *ret)
{
    struct yaml_scalar scalar;

    if (weigh(parser, event->start_mark, 16 + event->data.scalar.length) < 0 || resolve(parser, event, &scalar) < 0)
        return -1;
    *ret = (struct node){ scalar_value(&scalar, (const char *)event->data.scalar.value),
                          new_place(parser, event->start_mark) };
    return 0;
}

static int read_value(struct parser *parser, const yaml_event_t *event, struct node *ret);

static int read_sequence(struct parser *parser, const yaml_event_t *event, struct node *ret)
{
    json_auto_t *array = json_array();
    struct yaml_place *place = new_place(parser, event->start_mark), **end = &place->first;

    for (;;) {
        auto_event yaml_event_t item = { 0 };
        struct node child;

        if (next_event(parser, &item) < 0)
            return -1;
        if (item.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (read_value(parser, &item, &child) < 0)
            return -1;
        jb_append(array, child.value);
        *end = child.place;
        end = &child.place->next;
    }
    *ret = (struct node){ take(array), place };
    return 0;
}

/* What a scalar is as a key: JSON knows text only. */
static const char *key_text(struct arena *arena, const struct yaml_scalar *scalar, const char *text)
{
    char real[YAML_REAL_SIZE];

    switch (scalar->type) {
    case YAML_INT:
        return arena_printf(arena, "%" PRId64, scalar->integer);
    case YAML_REAL:
        yaml_format_real(scalar->real, real);
        return arena_strdup(arena, real);
    case YAML_BOOL:
        return scalar->integer ? "true" : "false";
    default:
        return arena_strdup(arena, text);
    }
}

static int read_key(struct parser *parser, const yaml_event_t *event, const char **ret)
{
    const char *text = (const char *)event->data.scalar.value;
    struct yaml_scalar scalar;

    if (event->type != YAML_SCALAR_EVENT)
        return fail(parser, event->start_mark, "a key must be plain or quoted text");
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(text, "<<") == 0)
        return fail(parser, event->start_mark, "merge keys (<<) are not supported: write the keys out");
    if (weigh(parser, event->start_mark, event->data.scalar.length) < 0 || resolve(parser, event, &scalar) < 0)
        return -1;
    if (scalar.type == YAML_NULL)
        return fail(parser, event->start_mark, "a key must not be null: quote it if it is text");
    *ret = key_text(&parser->out.places, &scalar, text);
    return 0;
}

/* Reads the value behind a key into object and *end. */
static int read_member(struct parser *parser, const yaml_event_t *key_event, json_t *object, struct yaml_place ***end)
{
    auto_event yaml_event_t event = { 0 };
    const char *key = NULL;
    struct node child;

    if (read_key(parser, key_event, &key) < 0)
        return -1;
    if (json_object_get(object, key))
        return fail(parser, key_event->start_mark, "the key '%.60s' is there twice", key);
    if (next_event(parser, &event) < 0 || read_value(parser, &event, &child) < 0)
        return -1;
    jb_set(object, key, child.value);
    child.place->key = key;
    child.place->line = (unsigned)key_event->start_mark.line + 1;
    **end = child.place;
    *end = &child.place->next;
    return 0;
}

static int read_mapping(struct parser *parser, const yaml_event_t *event, struct node *ret)
{
    json_auto_t *object = json_object();
    struct yaml_place *place = new_place(parser, event->start_mark), **end = &place->first;

    for (;;) {
        auto_event yaml_event_t key = { 0 };

        if (next_event(parser, &key) < 0)
            return -1;
        if (key.type == YAML_MAPPING_END_EVENT)
            break;
        if (read_member(parser, &key, object, &end) < 0)
            return -1;
    }
    *ret = (struct node){ take(object), place };
    return 0;
}

static int read_collection(struct parser *parser, const yaml_event_t *event, struct node *ret)
{
    bool mapping = event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *tag = mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    int result;

    if (tag && strcmp((const char *)tag, mapping ? YAML_MAP_TAG : YAML_SEQ_TAG) != 0)
        return fail(parser, event->start_mark, "a tag (!...) that is not known here");
    if (parser->depth == YAML_MAX_DEPTH)
        return fail(parser, event->start_mark, "nested deeper than %d levels", YAML_MAX_DEPTH);
    if (weigh(parser, event->start_mark, 16) < 0)
        return -1;
    parser->depth++;
    result = mapping ? read_mapping(parser, event, ret) : read_sequence(parser, event, ret);
    parser->depth--;
    return result;
}

static int read_value(struct parser *parser, const yaml_event_t *event, struct node *ret)
{
    size_t before = parser->weight;

    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return read_alias(parser, event, ret);
    case YAML_SCALAR_EVENT:
        if (read_scalar(parser, event, ret) < 0)
            return -1;
        remember(parser, event->data.scalar.anchor, ret, before);
        return 0;
    case YAML_SEQUENCE_START_EVENT:
        if (read_collection(parser, event, ret) < 0)
            return -1;
        remember(parser, event->data.sequence_start.anchor, ret, before);
        return 0;
    case YAML_MAPPING_START_EVENT:
        if (read_collection(parser, event, ret) < 0)
            return -1;
        remember(parser, event->data.mapping_start.anchor, ret, before);
        return 0;
    default:
        return fail(parser, event->start_mark, "a value was expected");
    }
}

/* Reads the document whose start was just seen, with its end. */
static int read_document(struct parser *parser)
{
    auto_event yaml_event_t event = { 0 }, end = { 0 };
    struct yaml *out = &parser->out;
    struct node root;

    if (next_event(parser, &event) < 0 || read_value(parser, &event, &root) < 0)
        return -1;
    forget_anchors(parser);
    if (json_is_null(root.value))
        return next_event(parser, &end);
    grow(out->documents, out->count, out->capacity);
    out->documents[out->count++] = (struct yaml_document){ root.value, root.place };
    return next_event(parser, &end);
}

static int read_stream(struct parser *parser)
{
    for (;;) {
        auto_event yaml_event_t event = { 0 };

        if (next_event(parser, &event) < 0)
            return -1;
        if (event.type == YAML_STREAM_END_EVENT)
            return 0;
        if (event.type == YAML_DOCUMENT_START_EVENT && read_document(parser) < 0)
            return -1;
    }
}

/*
 * kubectl reads text that starts with a brace as JSON, where a character beyond 16 bits may be a pair of escapes, which
 * no YAML scanner takes.
 */
static bool read_json(struct slice text, struct yaml *out)
{
    size_t at = 0;
    struct error ignored;
    json_t *value;

    while (at < text.length && strchr(" \t\r\n", text.data[at]))
        at++;
    if (at == text.length || text.data[at] != '{' || jb_parse(text, &value, &ignored) < 0)
        return false;
    grow(out->documents, out->count, out->capacity);
    out->documents[out->count++] = (struct yaml_document){ value, arena_new(&out->places, struct yaml_place) };
    return true;
}

/* libyaml walks all of a document's %TAG lines at each of them; and without tags of one's own they have no use. */
static int refuse_tag_directives(const char *name, struct slice text, struct error *err)
{
    static const char directive[] = "\n%TAG";
    const char *found = text.data ? memmem(text.data, text.length, directive, strlen(directive)) : NULL;

    if (text.length >= 4 && memcmp(text.data, directive + 1, 4) == 0)
        found = text.data;
    return found ? error_set(err, ERROR_INVALID, "%s: %%TAG directives are not supported", name) : 0;
}

int yaml_parse(const char *name, struct slice text, struct yaml *ret, struct error *err)
{
    struct parser parser = { .name = name, .text = text, .err = err };
    int result;

    if (text.length > YAML_MAX_TEXT)
        return error_set(err, ERROR_INVALID, "%s: is larger than %d bytes", name, YAML_MAX_TEXT);
    if (refuse_tag_directives(name, text, err) < 0)
        return -1;
    if (!yaml_parser_initialize(&parser.yaml))
        BUG("out of memory");
    yaml_parser_set_input_string(&parser.yaml, (const unsigned char *)(text.data ? text.data : ""), text.length);
    map_init(&parser.anchors, same_anchor);
    result = read_stream(&parser);
    forget_anchors(&parser);
    if (result < 0) {
        yaml_finish(&parser.out);
        if (parser.yaml.error == YAML_SCANNER_ERROR && read_json(text, &parser.out))
            result = 0;
    }
    yaml_parser_delete(&parser.yaml);
    if (result == 0)
        *ret = parser.out;
    return result;
}

void yaml_finish(struct yaml *yaml)
{
    if (!yaml)
        return;
    for (size_t i = 0; i < yaml->count; i++)
        json_decref(yaml->documents[i].value);
    free(yaml->documents);
    arena_finish(&yaml->places);
    *yaml = (struct yaml){ 0 };
}
