#include <inttypes.h>
#include <string.h>

#include "yaml.h"
#include "yaml_scalar.h"

enum { INLINE_KEY = 128 }; /* longer keys are written behind "? "; YAML allows 1024 characters before a colon */

/* The character at *text, which is valid UTF-8; steps over it. */
static uint32_t next_character(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    size_t more = at[0] < 0x80 ? 0 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : 3;
    uint32_t character = more ? at[0] & (0x3f >> more) : at[0];

    for (size_t i = 1; i <= more; i++)
        character = character << 6 | (at[i] & 0x3f);
    *text += 1 + more;
    return character;
}

/* Whether a character may stand for itself: printable, and no line break, tab or byte order mark. */
static bool is_plain_character(uint32_t c)
{
    return (c >= 0x20 && c <= 0x7e) ||
           (c >= 0xa0 && c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff);
}

static bool has_only_plain_characters(const char *text, const char *also)
{
    while (*text) {
        const char *at = text;
        uint32_t character = next_character(&text);

        if (!is_plain_character(character) && !(character < 0x80 && strchr(also, *at)))
            return false;
    }
    return true;
}

/* Whether text means the same without quotes, as a key or a value in block style. */
static bool fits_plain(const char *text)
{
    size_t length = strlen(text);

    if (!length || strchr(" ,[]{}#&*!|>'\"%@`?:", text[0]) || strchr(" :", text[length - 1]))
        return false;
    if (text[0] == '-' && (length == 1 || text[1] == ' '))
        return false;
    if (strncmp(text, "---", 3) == 0 || strncmp(text, "...", 3) == 0)
        return false;
    if (strstr(text, ": ") || strstr(text, " #"))
        return false;
    return has_only_plain_characters(text, "") && !yaml_is_ambiguous(text);
}

/* Whether text may be written as a literal block whose indentation and ends a reader cannot mistake. */
static bool fits_literal(const char *text)
{
    if (!strchr(text, '\n') || strchr(" \t\n", text[0]))
        return false;
    for (const char *end = strchr(text, '\n'); end; end = strchr(end + 1, '\n'))
        if (end > text && strchr(" \t", end[-1]))
            return false;
    return !strchr(" \t", text[strlen(text) - 1]) && has_only_plain_characters(text, "\n\t");
}

static void put_quoted(const char *text, struct strbuf *out)
{
    strbuf_addc(out, '"');
    while (*text) {
        const char *at = text;
        uint32_t character = next_character(&text);

        if (strchr("\"\\", *at))
            strbuf_addf(out, "\\%c", *at);
        else if (*at == '\n' || *at == '\t')
            strbuf_adds(out, *at == '\n' ? "\\n" : "\\t");
        else if (!is_plain_character(character))
            strbuf_addf(out, "\\u%04" PRIX32, character);
        else
            strbuf_append(out, at, (size_t)(text - at));
    }
    strbuf_addc(out, '"');
}

static void put_indent(unsigned indent, struct strbuf *out)
{
    strbuf_addf(out, "%*s", (int)indent, "");
}

/* Without the last newline, as every value here. */
static void put_literal(const char *text, unsigned indent, struct strbuf *out)
{
    size_t length = strlen(text);
    bool ends = text[length - 1] == '\n', keeps = ends && text[length - 2] == '\n';

    strbuf_adds(out, keeps ? "|+" : ends ? "|" : "|-");
    length -= ends;
    for (const char *line = text, *end; line <= text + length; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + length - line));
        end = end ? end : text + length;
        strbuf_addc(out, '\n');
        if (end > line)
            put_indent(indent, out);
        strbuf_append(out, line, (size_t)(end - line));
    }
}

static void put_string(const char *text, unsigned indent, struct strbuf *out)
{
    if (fits_literal(text))
        put_literal(text, indent, out);
    else if (fits_plain(text))
        strbuf_adds(out, text);
    else
        put_quoted(text, out);
}

static void put_real(double value, struct strbuf *out)
{
    char text[YAML_REAL_SIZE];

    yaml_format_real(value, text);
    strbuf_adds(out, text);
}

static void put_scalar(const json_t *value, unsigned indent, struct strbuf *out)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        put_string(json_string_value(value), indent, out);
        break;
    case JSON_INTEGER:
        strbuf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        put_real(json_real_value(value), out);
        break;
    case JSON_NULL:
        strbuf_adds(out, "null");
        break;
    case JSON_OBJECT:
        strbuf_adds(out, "{}");
        break;
    case JSON_ARRAY:
        strbuf_adds(out, "[]");
        break;
    default:
        strbuf_adds(out, json_is_true(value) ? "true" : "false");
    }
}

static void put_mapping(const json_t *object, unsigned indent, struct strbuf *out);

/* Both start where the cursor is, for the first line, and end with a newline. */
static void put_sequence(const json_t *array, unsigned indent, struct strbuf *out)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);

        if (i)
            put_indent(indent, out);
        strbuf_adds(out, "- ");
        if (json_object_size(item)) {
            put_mapping(item, indent + 2, out);
        } else if (json_array_size(item)) {
            put_sequence(item, indent + 2, out);
        } else {
            put_scalar(item, indent + 2, out);
            strbuf_addc(out, '\n');
        }
    }
}

static void put_key(const char *key, unsigned indent, struct strbuf *out)
{
    bool is_long = strlen(key) > INLINE_KEY;

    if (is_long)
        strbuf_adds(out, "? ");
    if (fits_plain(key))
        strbuf_adds(out, key);
    else
        put_quoted(key, out);
    if (is_long) {
        strbuf_addc(out, '\n');
        put_indent(indent, out);
    }
    strbuf_addc(out, ':');
}

/* A member's value, behind its colon. Sequences stand at the indentation of their key, as kubectl writes them. */
static void put_member(const json_t *value, unsigned indent, struct strbuf *out)
{
    if (json_object_size(value)) {
        strbuf_addc(out, '\n');
        put_indent(indent + 2, out);
        put_mapping(value, indent + 2, out);
    } else if (json_array_size(value)) {
        strbuf_addc(out, '\n');
        put_indent(indent, out);
        put_sequence(value, indent, out);
    } else {
        strbuf_addc(out, ' ');
        put_scalar(value, indent + 2, out);
        strbuf_addc(out, '\n');
    }
}

static void put_mapping(const json_t *object, unsigned indent, struct strbuf *out)
{
    const char *key;
    json_t *value;
    bool first = true;

    json_object_foreach((json_t *)object, key, value) {
        if (!first)
            put_indent(indent, out);
        first = false;
        put_key(key, indent, out);
        put_member(value, indent, out);
    }
}

void yaml_dump(const json_t *value, struct strbuf *out)
{
    if (json_object_size(value)) {
        put_mapping(value, 0, out);
    } else if (json_array_size(value)) {
        put_sequence(value, 0, out);
    } else {
        put_scalar(value, 2, out);
        strbuf_addc(out, '\n');
    }
}
