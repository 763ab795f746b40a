/*
 * crdgen CRD.yaml PREFIX OUT: writes OUT.h and OUT.c, the structs and field tables (operator/base/fields.h) of the
 * resource that a CustomResourceDefinition describes: PREFIX_spec_type and PREFIX_status_type to decode it by, and
 * PREFIX_document_type to check a whole document by, with the rules that only a server checks.
 *
 * Names follow the path of a node: spec.roles[] is `struct PREFIX_spec_roles`. An object that keeps unknown fields, has
 * such a member (a pod template), or declares none, stays JSON text (FIELD_RAW); what it does declare becomes a table
 * for the checker alone. Left to the server without a word: bounds of the items of plain lists, and patterns that POSIX
 * cannot express.
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../operator/base/jb.h"
#include "../operator/base/memory.h"
#include "../operator/base/strbuf.h"
#include "../operator/base/yaml.h"
#include "crdgen_schema.h"

struct gen {
    const char *prefix;
    struct arena arena;
    struct strbuf header, source; /* what is defined so far, in order */
    struct strbuf rules;          /* messages, as the elements of an array */
    bool uses_any_object;
};

static const char *const type_names[] = {
    [FIELD_STRING] = "FIELD_STRING", [FIELD_ENUM] = "FIELD_ENUM", [FIELD_TIME] = "FIELD_TIME",
    [FIELD_INT] = "FIELD_INT",       [FIELD_BOOL] = "FIELD_BOOL", [FIELD_RAW] = "FIELD_RAW",
    [FIELD_OBJECT] = "FIELD_OBJECT", [FIELD_LIST] = "FIELD_LIST", [FIELD_STRINGS] = "FIELD_STRINGS",
    [FIELD_INTS] = "FIELD_INTS",
};

static bool is_list(enum field_type type)
{
    return type == FIELD_LIST || type == FIELD_STRINGS || type == FIELD_INTS;
}

static const char *upper(struct gen *gen, const char *text)
{
    char *out = arena_strdup(&gen->arena, text);

    for (char *c = out; *c; c++)
        *c = (char)(isalnum((unsigned char)*c) ? toupper((unsigned char)*c) : '_');
    return out;
}

/* Adds text as a string literal of C. */
static void add_literal(struct strbuf *out, const char *text)
{
    strbuf_addc(out, '"');
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20)
            strbuf_addf(out, "\\%03o", (unsigned)*c);
        else
            strbuf_addf(out, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
    }
    strbuf_addc(out, '"');
}

static void add_rules(struct gen *gen, const json_t *schema, const char *path)
{
    const json_t *rules = jb_get(schema, "x-kubernetes-validations");

    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        const char *message = jb_get_str(rule, jb_get(rule, "message") ? "message" : "rule");

        add_literal(&gen->rules, *path ? arena_printf(&gen->arena, "%s: %s", path, message) : message);
        strbuf_adds(&gen->rules, ",\n");
    }
}

/* -- one member ---------------------------------------------------------------------------------------------------- */

/* The array of an enumeration's values and, for a member of a struct, its enum. */
static void define_enum(struct gen *gen, const struct node *node, enum field_type type)
{
    const json_t *values = jb_get(type == FIELD_STRINGS ? jb_get(node->schema, "items") : node->schema, "enum");

    strbuf_addf(&gen->source, "static const char *const %s_names[] = {", node->name);
    for (size_t i = 0; i < json_array_size(values); i++) {
        add_literal(&gen->source, json_string_value(json_array_get(values, i)));
        strbuf_adds(&gen->source, ", ");
    }
    strbuf_adds(&gen->source, "NULL };\n\n");
    if (node->in_text || type != FIELD_ENUM)
        return;
    strbuf_addf(&gen->header, "enum %s {\n", node->name);
    for (size_t i = 0; i < json_array_size(values); i++)
        strbuf_addf(&gen->header,
                    "%s_%s%s,\n",
                    upper(gen, node->name),
                    upper(gen, json_string_value(json_array_get(values, i))),
                    i ? "" : " = 1");
    strbuf_adds(&gen->header, "};\n\n");
}

static void add_declaration(struct strbuf *out, const struct node *node, enum field_type type, const char *member)
{
    switch (type) {
    case FIELD_STRING:
        strbuf_addf(out, "const char *%s;\n", member);
        break;
    case FIELD_ENUM:
        strbuf_addf(out, "enum %s %s;\n", node->name, member);
        break;
    case FIELD_TIME:
        strbuf_addf(out, "int64_t %s;\n", member);
        break;
    case FIELD_INT:
        strbuf_addf(out, "int64_t %s;\nbool has_%s;\n", member, member);
        break;
    case FIELD_BOOL:
        strbuf_addf(out, "bool %s, has_%s;\n", member, member);
        break;
    case FIELD_RAW:
        strbuf_addf(out, "struct slice %s;\n", member);
        break;
    case FIELD_OBJECT:
        strbuf_addf(out, "const struct %s *%s;\n", node->name, member);
        break;
    case FIELD_LIST:
        strbuf_addf(out, "const struct %s *%s;\nsize_t %s_count;\n", node->name, member, member);
        break;
    case FIELD_STRINGS:
        strbuf_addf(out, "const char *const *%s;\nsize_t %s_count;\n", member, member);
        break;
    case FIELD_INTS:
        strbuf_addf(out, "const int64_t *%s;\nsize_t %s_count;\n", member, member);
        break;
    }
}

static void add_offsets(struct strbuf *row, const char *parent, enum field_type type, const char *member)
{
    strbuf_addf(row, ", offsetof(struct %s, %s)", parent, member);
    if (is_list(type))
        strbuf_addf(row, ", offsetof(struct %s, %s_count)", parent, member);
    else if (type == FIELD_INT || type == FIELD_BOOL)
        strbuf_addf(row, ", offsetof(struct %s, has_%s)", parent, member);
}

static void add_bound(struct strbuf *row, const char *name, const json_t *value, const char *absent)
{
    if (value)
        strbuf_addf(row, ", .%s = %" JSON_INTEGER_FORMAT, name, json_integer_value(value));
    else if (absent)
        strbuf_addf(row, ", .%s = %s", name, absent);
}

static void add_bounds(struct strbuf *row, const json_t *schema, enum field_type type)
{
    const json_t *low = jb_get(schema, "minimum"), *high = jb_get(schema, "maximum");

    if (type == FIELD_INT && (low || high)) {
        add_bound(row, "min", low, "INT64_MIN");
        add_bound(row, "max", high, "INT64_MAX");
    } else if (type == FIELD_STRING) {
        add_bound(row, "min", jb_get(schema, "minLength"), NULL);
        add_bound(row, "max", jb_get(schema, "maxLength"), NULL);
    } else if (is_list(type)) {
        add_bound(row, "min", jb_get(schema, "minItems"), NULL);
        add_bound(row, "max", jb_get(schema, "maxItems"), NULL);
    }
}

static void add_text(struct strbuf *row, const char *name, const char *text)
{
    if (!text)
        return;
    strbuf_addf(row, ", .%s = ", name);
    add_literal(row, text);
}

static void add_constraints(struct strbuf *row, const json_t *schema, enum field_type type, bool required)
{
    const char *pattern = schema_pattern(type == FIELD_STRINGS ? jb_get(schema, "items") : schema);
    auto_free char *preset = jb_get(schema, "default") ? jb_dump(jb_get(schema, "default"), false) : NULL;

    add_bounds(row, schema, type);
    add_text(row, "pattern", pattern);
    add_text(row, "unique", is_list(type) ? schema_unique(schema) : NULL);
    add_text(row, "preset", preset);
    if (required)
        strbuf_adds(row, ", .required = true");
}

static int define_object(struct gen *gen, const struct node *node, struct error *err);
static int define_map(struct gen *gen, const struct node *node, struct error *err);

/* Defines what a member refers to (an enumeration, the table of an object) before the member, and refers to it. */
static int add_reference(
    struct gen *gen, const struct node *node, enum field_type type, struct strbuf *row, struct error *err)
{
    struct node of = *node;

    if (type == FIELD_ENUM || (type == FIELD_STRINGS && jb_get(jb_get(node->schema, "items"), "enum"))) {
        define_enum(gen, node, type);
        strbuf_addf(row, ", .names = %s_names", node->name);
        return 0;
    }
    if (type == FIELD_LIST) {
        of.schema = jb_get(node->schema, "items");
        of.path = arena_printf(&gen->arena, "%s[]", node->path);
    } else if (type != FIELD_OBJECT &&
               !(type == FIELD_RAW && strcmp(jb_get_str(node->schema, "type"), "object") == 0)) {
        return 0;
    }
    of.in_text |= type == FIELD_RAW;
    if (jb_get(of.schema, "additionalProperties")) {
        strbuf_addf(row, ", .of = &%s_type", node->name);
        return define_map(gen, &of, err);
    }
    if (!jb_get(of.schema, "properties")) {
        gen->uses_any_object = true;
        strbuf_adds(row, ", .of = &any_object");
        return 0;
    }
    strbuf_addf(row, ", .of = &%s_type", node->name);
    return define_object(gen, &of, err);
}

/* spec and status of a document are decoded, the rest of it is only checked. */
static bool is_decoded(const struct node *parent, const char *key)
{
    return !*parent->path && (strcmp(key, "spec") == 0 || strcmp(key, "status") == 0);
}

static int define_member(struct gen *gen,
                         const struct node *parent,
                         const char *key,
                         const json_t *schema,
                         struct strbuf *members,
                         struct strbuf *rows,
                         struct error *err)
{
    const char *member = schema_member_name(&gen->arena, key);
    struct node node = {
        .schema = schema,
        .path = arena_printf(&gen->arena, "%s%s%s", parent->path, *parent->path ? "." : "", key),
        .name = arena_printf(&gen->arena, "%s_%s", *parent->path ? parent->name : gen->prefix, member),
        .in_text = parent->in_text && !is_decoded(parent, key),
    };
    auto_strbuf struct strbuf row = { 0 };
    enum field_type type;

    if (schema_classify(&node, &type, err) < 0)
        return -1;
    add_rules(gen, schema, node.path);
    add_rules(gen, jb_get(schema, "items"), arena_printf(&gen->arena, "%s[]", node.path));
    strbuf_addf(&row, "{ \"%s\", %s", key, type_names[type]);
    if (!parent->in_text) {
        add_declaration(members, &node, type, member);
        add_offsets(&row, parent->name, type, member);
    }
    if (add_reference(gen, &node, type, &row, err) < 0)
        return -1;
    add_constraints(&row, schema, type, schema_requires(parent->schema, key));
    strbuf_addf(rows, "%s },\n", strbuf_text(&row));
    return 0;
}

/* -- one object ---------------------------------------------------------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The names of an object's members, sorted. */
static const char **sorted_keys(struct gen *gen, json_t *object)
{
    const char **keys = arena_alloc(&gen->arena, (json_object_size(object) + 1) * sizeof(*keys)), *key;
    size_t count = 0;
    json_t *value;

    json_object_foreach(object, key, value)
        keys[count++] = key;
    qsort(keys, count, sizeof(*keys), by_name);
    return keys;
}

static void define_struct(struct gen *gen, const struct node *node, const char *members)
{
    strbuf_addf(&gen->header, "/* %s */\nstruct %s {\n%s};\n\n", node->path, node->name, members);
}

static void define_table(struct gen *gen, const struct node *node, const char *rows)
{
    bool is_document = !*node->path;
    bool exported = is_document || (!node->in_text && !strpbrk(node->path, ".["));

    strbuf_addf(&gen->source, "static const struct field %s_fields[] = {\n%s};\n\n", node->name, rows);
    if (is_document)
        strbuf_addf(&gen->source, "static const char *const rules[] = {\n%sNULL,\n};\n\n", strbuf_text(&gen->rules));
    strbuf_addf(&gen->source, "%sconst struct fields %s_type = {\n", exported ? "" : "static ", node->name);
    strbuf_addf(&gen->source, ".list = %s_fields,\n.count = ARRAY_SIZE(%s_fields),\n", node->name, node->name);
    if (!node->in_text)
        strbuf_addf(&gen->source, ".size = sizeof(struct %s),\n", node->name);
    if (is_document)
        strbuf_adds(&gen->source, ".rules = rules,\n");
    if (schema_flag(node->schema, "x-kubernetes-preserve-unknown-fields"))
        strbuf_adds(&gen->source, ".open = true,\n");
    strbuf_adds(&gen->source, "};\n\n");
}

/* Defines the table of an object, its struct where there is one, and before them all that they refer to. */
static int define_object(struct gen *gen, const struct node *node, struct error *err)
{
    json_t *properties = json_object_get(node->schema, "properties");
    const char **keys = sorted_keys(gen, properties);
    auto_strbuf struct strbuf members = { 0 };
    auto_strbuf struct strbuf rows = { 0 };

    if (json_object_size(properties) > FIELDS_MAX)
        return error_set(err, ERROR_INVALID, "%s: more than %d fields", node->path, FIELDS_MAX);
    for (; *keys; keys++)
        if (define_member(gen, node, *keys, json_object_get(properties, *keys), &members, &rows, err) < 0)
            return -1;
    if (!node->in_text)
        define_struct(gen, node, strbuf_text(&members));
    define_table(gen, node, strbuf_text(&rows));
    return 0;
}

/* The table of an object that has values of one kind under any key; such an object has no named members. */
static int define_map(struct gen *gen, const struct node *node, struct error *err)
{
    struct node value = {
        .schema = jb_get(node->schema, "additionalProperties"),
        .path = arena_printf(&gen->arena, "%s{}", node->path),
        .name = arena_printf(&gen->arena, "%s_value", node->name),
        .in_text = true,
    };
    auto_strbuf struct strbuf row = { 0 }, bounds = { 0 };
    enum field_type type;

    if (!json_is_object(value.schema) || jb_get(node->schema, "properties"))
        return error_set(err, ERROR_INVALID, "%s: crdgen knows maps with a schema for their values only", node->path);
    if (schema_classify(&value, &type, err) < 0 || add_reference(gen, &value, type, &row, err) < 0)
        return -1;
    add_rules(gen, value.schema, value.path);
    add_constraints(&row, value.schema, type, false);
    add_bound(&bounds, "min", jb_get(node->schema, "minProperties"), NULL);
    add_bound(&bounds, "max", jb_get(node->schema, "maxProperties"), NULL);
    strbuf_addf(&gen->source,
                "static const struct field %s = { \"\", %s%s };\n\n",
                value.name,
                type_names[type],
                strbuf_text(&row));
    strbuf_addf(&gen->source,
                "static const struct fields %s_type = { .each = &%s%s };\n\n",
                node->name,
                value.name,
                strbuf_text(&bounds));
    return 0;
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

/* The stored version of a CRD. */
static const json_t *stored_version(const json_t *crd)
{
    const json_t *versions = jb_get(jb_get(crd, "spec"), "versions");

    for (size_t i = 0; i < json_array_size(versions); i++)
        if (schema_flag(json_array_get(versions, i), "storage"))
            return json_array_get(versions, i);
    return NULL;
}

/* The schema of a document: that of the CRD, and what holds for every object of the kind. The caller owns it. */
static json_t *document_schema(const json_t *crd, const json_t *version)
{
    const json_t *spec = jb_get(crd, "spec");
    json_t *schema = jb_copy(jb_get(jb_get(version, "schema"), "openAPIV3Schema"));
    json_t *properties = jb_child_object(schema, "properties"), *required = jb_child_array(schema, "required");
    json_t *api_version = jb_fmt("%s/%s", jb_get_str(spec, "group"), jb_get_str(version, "name"));
    json_t *kind = jb_copy(jb_get(jb_get(spec, "names"), "kind"));
    json_t *metadata = jb_child_object(properties, "metadata"), *members = jb_child_object(metadata, "properties");
    json_t *texts = OBJ({ "type", jb_str("object") }, { "additionalProperties", OBJ({ "type", jb_str("string") }) });

    jb_set(properties, "apiVersion", OBJ({ "type", jb_str("string") }, { "enum", ARR(api_version) }));
    jb_set(properties, "kind", OBJ({ "type", jb_str("string") }, { "enum", ARR(kind) }));
    jb_set(metadata, "type", jb_str("object"));
    jb_set(metadata, "x-kubernetes-preserve-unknown-fields", jb_bool(true));
    jb_set(members, "annotations", jb_copy(texts));
    jb_set(members, "labels", texts);
    jb_append(required, jb_str("apiVersion"));
    jb_append(required, jb_str("kind"));
    jb_append(required, jb_str("metadata"));
    return schema;
}

static int generate(struct gen *gen, const json_t *crd, struct error *err)
{
    const json_t *version = stored_version(crd);
    json_auto_t *schema = NULL;
    struct node document = { .path = "", .in_text = true };

    if (!version || !json_is_object(jb_get(jb_get(version, "schema"), "openAPIV3Schema")))
        return error_set(err, ERROR_INVALID, "no CustomResourceDefinition with a stored version and its schema");
    schema = document_schema(crd, version);
    document.schema = schema;
    document.name = arena_printf(&gen->arena, "%s_document", gen->prefix);
    add_rules(gen, schema, "");
    return define_object(gen, &document, err);
}

static int write_file(const char *path, const struct strbuf *text, struct error *err)
{
    FILE *file = fopen(path, "w");
    bool written = file && fputs(strbuf_text(text), file) >= 0;

    if (text->overflow)
        BUG("a file above %d bytes", STRBUF_MAX_DOCUMENT);
    if (!file || fclose(file) != 0 || !written)
        return error_set(err, ERROR_TRANSIENT, "cannot write %s: %s", path, strerror(errno));
    return 0;
}

static int write_all(struct gen *gen, const char *input, const char *out, struct error *err)
{
    const char *base = strrchr(out, '/') ? strrchr(out, '/') + 1 : out;
    const char *mark = arena_printf(&gen->arena, "/* generated by tools/crdgen from %s; do not edit */", input);
    auto_strbuf struct strbuf header = { 0 };
    auto_strbuf struct strbuf source = { 0 };

    strbuf_addf(&header, "#pragma once\n%s\n\n#include \"../../operator/base/fields.h\"\n\n", mark);
    strbuf_addf(&header, "%sextern const struct fields ", strbuf_text(&gen->header));
    strbuf_addf(&header, "%s_spec_type, %s_status_type, %s_document_type;\n", gen->prefix, gen->prefix, gen->prefix);
    strbuf_addf(&source, "%s\n\n#include \"%s.h\"\n\n#include \"../../operator/base/memory.h\"\n\n", mark, base);
    if (gen->uses_any_object)
        strbuf_adds(&source, "static const struct fields any_object = { .open = true };\n\n");
    strbuf_adds(&source, strbuf_text(&gen->source));
    if (write_file(arena_printf(&gen->arena, "%s.h", out), &header, err) < 0)
        return -1;
    return write_file(arena_printf(&gen->arena, "%s.c", out), &source, err);
}

static int read_crd(const char *path, struct yaml *ret, struct error *err)
{
    auto_strbuf struct strbuf text = { 0 };
    FILE *file = fopen(path, "r");
    char bytes[4096];
    size_t count;
    bool failed;

    if (!file)
        return error_set(err, ERROR_NOT_FOUND, "%s: %s", path, strerror(errno));
    while ((count = fread(bytes, 1, sizeof(bytes), file)) > 0)
        strbuf_append(&text, bytes, count);
    failed = ferror(file);
    fclose(file);
    if (failed || text.overflow)
        return error_set(err, ERROR_INVALID, "%s: cannot be read, or too long", path);
    return yaml_parse(path, (struct slice){ strbuf_text(&text), text.length }, ret, err);
}

static int run(struct gen *gen, const char *input, const char *out, struct error *err)
{
    auto_yaml struct yaml yaml = { 0 };

    if (read_crd(input, &yaml, err) < 0)
        return -1;
    if (generate(gen, yaml.count ? yaml.documents[0].value : NULL, err) < 0)
        return error_wrap(err, "%s", input);
    return write_all(gen, input, out, err);
}

int main(int argc, char **argv)
{
    struct gen gen = { .prefix = argv[argc > 2 ? 2 : 0] };
    struct error err = { 0 };
    int status;

    if (argc != 4) {
        fputs("usage: crdgen CRD.yaml PREFIX OUT\n", stderr);
        return 2;
    }
    status = run(&gen, argv[1], argv[3], &err);
    if (status < 0)
        fprintf(stderr, "crdgen: %s\n", err.message);
    strbuf_finish(&gen.header);
    strbuf_finish(&gen.source);
    strbuf_finish(&gen.rules);
    arena_finish(&gen.arena);
    return status < 0 ? 1 : 0;
}
