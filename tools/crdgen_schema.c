#include "crdgen_schema.h"

#include <ctype.h>
#include <regex.h>
#include <string.h>

#include "../operator/base/jb.h"
#include "../operator/base/memory.h"
#include "../operator/base/strbuf.h"

static const char *const keywords[] = {
    "type",
    "title",
    "description",
    "example",
    "properties",
    "required",
    "items",
    "additionalProperties",
    "enum",
    "format",
    "pattern",
    "default",
    "nullable",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
};

static const char *const reserved[] = {
    "auto",   "bool",  "break",  "case",     "char",     "const",    "continue", "default", "do",     "double",
    "else",   "enum",  "extern", "float",    "for",      "goto",     "if",       "inline",  "int",    "long",
    "return", "short", "signed", "sizeof",   "static",   "struct",   "switch",   "typedef", "typeof", "union",
    "void",   "while", "asm",    "register", "restrict", "unsigned", "volatile",
};

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

const char *schema_member_name(struct arena *arena, const char *key)
{
    auto_strbuf struct strbuf out = { 0 };

    for (const char *c = key; *c; c++) {
        bool starts_word =
            isupper((unsigned char)*c) && c > key && (!isupper((unsigned char)c[-1]) || islower((unsigned char)c[1]));

        if (starts_word)
            strbuf_addc(&out, '_');
        strbuf_addc(&out, (char)(isalnum((unsigned char)*c) ? tolower((unsigned char)*c) : '_'));
    }
    if (is_one_of(strbuf_text(&out), reserved, ARRAY_SIZE(reserved)))
        strbuf_addc(&out, '_');
    return arena_strdup(arena, strbuf_text(&out));
}

bool schema_flag(const json_t *schema, const char *keyword)
{
    return json_is_true(jb_get(schema, keyword));
}

bool schema_requires(const json_t *schema, const char *key)
{
    const json_t *required = jb_get(schema, "required");

    for (size_t i = 0; i < json_array_size(required); i++)
        if (strcmp(json_string_value(json_array_get(required, i)), key) == 0)
            return true;
    return false;
}

/* Perl's classes, groups and lazy repeats are not POSIX, and in a bracket POSIX takes a backslash for itself. */
static bool posix_can(const char *pattern)
{
    bool in_bracket = false;
    regex_t compiled;

    for (const char *c = pattern; *c; c++) {
        if (*c == '\\' && (in_bracket || isalnum((unsigned char)c[1])))
            return false;
        if (!in_bracket && strchr("(*+?}", *c) && c[1] == '?')
            return false;
        if (*c == '[')
            in_bracket = true;
        else if (*c == ']')
            in_bracket = false;
        else if (*c == '\\' && c[1])
            c++;
    }
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    regfree(&compiled);
    return true;
}

const char *schema_pattern(const json_t *schema)
{
    const char *pattern = jb_get_str(schema, "pattern");

    return *pattern && posix_can(pattern) ? pattern : NULL;
}

const char *schema_unique(const json_t *schema)
{
    const json_t *keys = jb_get(schema, "x-kubernetes-list-map-keys");

    if (strcmp(jb_get_str(schema, "x-kubernetes-list-type"), "set") == 0)
        return "";
    return json_array_size(keys) == 1 ? json_string_value(json_array_get(keys, 0)) : NULL;
}

static int complain(const struct node *node, struct error *err, const char *what)
{
    return error_set(err, ERROR_INVALID, "%s: %s", node->path, what);
}

static int check_keywords(const struct node *node, const json_t *schema, struct error *err)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)schema, key, value)
        if (!is_one_of(key, keywords, ARRAY_SIZE(keywords)))
            return error_set(err, ERROR_INVALID, "%s: crdgen does not know '%s'", node->path, key);
    return 0;
}

static bool has_type(const json_t *schema, const char *type)
{
    return strcmp(jb_get_str(schema, "type"), type) == 0;
}

static bool keeps_unknown(const json_t *schema)
{
    return schema_flag(schema, "x-kubernetes-preserve-unknown-fields") ||
           schema_flag(schema, "x-kubernetes-embedded-resource");
}

/* Whether an object stays JSON text: it or a member of it (a pod template's) keeps unknown fields, or it is a map. */
static bool stays_text(const json_t *schema)
{
    json_t *properties = json_object_get(schema, "properties"), *value;
    const char *key;

    json_object_foreach(properties, key, value)
        if (keeps_unknown(value))
            return true;
    return keeps_unknown(schema) || !json_object_size(properties);
}

static int classify_list(const struct node *node, enum field_type *ret, struct error *err)
{
    const json_t *items = jb_get(node->schema, "items");

    if (check_keywords(node, items, err) < 0)
        return -1;
    if (has_type(items, "string"))
        *ret = FIELD_STRINGS;
    else if (has_type(items, "integer"))
        *ret = FIELD_INTS;
    else if (has_type(items, "object"))
        *ret = stays_text(items) && !node->in_text ? FIELD_RAW : FIELD_LIST;
    else
        return complain(node, err, "crdgen knows lists of strings, integers and objects only");
    return 0;
}

static int classify_string(const struct node *node, enum field_type *ret, struct error *err)
{
    const char *format = jb_get_str(node->schema, "format");

    if (*format && strcmp(format, "date-time") != 0)
        return complain(node, err, "crdgen knows no format of strings but date-time");
    *ret = jb_get(node->schema, "enum") ? FIELD_ENUM : *format ? FIELD_TIME : FIELD_STRING;
    return 0;
}

int schema_classify(const struct node *node, enum field_type *ret, struct error *err)
{
    const json_t *schema = node->schema;

    if (check_keywords(node, schema, err) < 0)
        return -1;
    if (has_type(schema, "string"))
        return classify_string(node, ret, err);
    if (jb_get(schema, "enum"))
        return complain(node, err, "crdgen knows enumerations of strings only");
    if (has_type(schema, "array"))
        return classify_list(node, ret, err);
    if (has_type(schema, "integer"))
        *ret = FIELD_INT;
    else if (has_type(schema, "boolean"))
        *ret = FIELD_BOOL;
    else if (has_type(schema, "object"))
        *ret = stays_text(schema) ? FIELD_RAW : FIELD_OBJECT;
    else if (schema_flag(schema, "x-kubernetes-int-or-string") || keeps_unknown(schema))
        *ret = FIELD_RAW;
    else
        return complain(node, err, "crdgen knows no such type (numbers are no floats here)");
    return 0;
}
