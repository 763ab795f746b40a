#define _GNU_SOURCE /* memmem */
#include "xml.h"

#include <stdlib.h>
#include <string.h>

void xml_init(struct xml *xml, struct slice document)
{
    *xml = (struct xml){ .at = document.data, .end = document.data + document.length };
}

static enum xml_event fail(struct xml *xml, const char *problem)
{
    xml->problem = problem;
    xml->at = xml->end;
    return XML_END;
}

static bool starts_with(const struct xml *xml, const char *text)
{
    size_t length = strlen(text);

    return (size_t)(xml->end - xml->at) >= length && memcmp(xml->at, text, length) == 0;
}

/* Goes behind the next `mark`; false when there is none. */
static bool pass(struct xml *xml, const char *mark)
{
    const char *found = memmem(xml->at, (size_t)(xml->end - xml->at), mark, strlen(mark));

    if (found)
        xml->at = found + strlen(mark);
    return found;
}

/* The bytes up to the first of `marks`, or the end. */
static struct slice until(struct xml *xml, const char *marks)
{
    const char *start = xml->at;

    while (xml->at < xml->end && !memchr(marks, *xml->at, strlen(marks)))
        xml->at++;
    return (struct slice){ start, (size_t)(xml->at - start) };
}

static bool same(struct slice one, struct slice other)
{
    return one.length == other.length && memcmp(one.data, other.data, one.length) == 0;
}

static enum xml_event close_element(struct xml *xml, struct slice *ret_name)
{
    *ret_name = xml->open[--xml->depth];
    return XML_CLOSE;
}

static enum xml_event read_close(struct xml *xml, struct slice text, struct slice *ret_name)
{
    struct slice name;

    xml->at += 2;
    name = until(xml, " \t\r\n>");
    if (!pass(xml, ">"))
        return fail(xml, "an end tag is cut off");
    if (!xml->depth || !same(xml->open[xml->depth - 1], name))
        return fail(xml, "an end tag fits no start tag");
    xml->text = text;
    return close_element(xml, ret_name);
}

static enum xml_event read_open(struct xml *xml, struct slice *ret_name)
{
    struct slice name, attributes;

    xml->at++;
    name = until(xml, " \t\r\n/>");
    if (!name.length)
        return fail(xml, "a tag has no name");
    attributes = until(xml, ">"); /* values with ">" in them are not written by any server */
    if (xml->at == xml->end)
        return fail(xml, "a start tag is cut off");
    if (xml->depth == XML_MAX_DEPTH)
        return fail(xml, "elements are too deep");
    xml->at++;
    xml->empty = attributes.length && attributes.data[attributes.length - 1] == '/';
    xml->open[xml->depth++] = *ret_name = name;
    return XML_OPEN;
}

enum xml_event xml_next(struct xml *xml, struct slice *ret_name)
{
    struct slice text;

    if (xml->empty) {
        xml->empty = false;
        xml->text = (struct slice){ xml->at, 0 };
        return close_element(xml, ret_name);
    }
    for (;;) {
        text = until(xml, "<");
        if (xml->at == xml->end)
            return xml->depth ? fail(xml, "the document is cut off") : XML_END;
        if (starts_with(xml, "</"))
            return read_close(xml, text, ret_name);
        if (starts_with(xml, "<!--") ? pass(xml, "-->") : starts_with(xml, "<?") && pass(xml, "?>"))
            continue;
        if (starts_with(xml, "<!") || starts_with(xml, "<?"))
            return fail(xml, "a declaration is not understood");
        return read_open(xml, ret_name);
    }
}

static bool add_character(struct strbuf *out, unsigned long code)
{
    if (!code || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return false;
    if (code < 0x80) {
        strbuf_addc(out, (char)code);
        return true;
    }
    if (code >= 0x10000) {
        strbuf_addc(out, (char)(0xf0 | code >> 18));
        strbuf_addc(out, (char)(0x80 | (code >> 12 & 0x3f)));
    } else if (code >= 0x800) {
        strbuf_addc(out, (char)(0xe0 | code >> 12));
    }
    strbuf_addc(out, (char)(code >= 0x800 ? 0x80 | (code >> 6 & 0x3f) : 0xc0 | code >> 6));
    strbuf_addc(out, (char)(0x80 | (code & 0x3f)));
    return true;
}

/* The reference between "&" and ";". */
static bool add_reference(struct strbuf *out, struct slice name)
{
    static const char *const names[][2] = {
        { "amp", "&" }, { "lt", "<" }, { "gt", ">" }, { "quot", "\"" }, { "apos", "'" },
    };
    char digits[12], *end;
    bool hexadecimal;
    unsigned long code;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (slice_is(name, names[i][0])) {
            strbuf_adds(out, names[i][1]);
            return true;
        }
    if (name.length < 2 || name.length >= sizeof(digits) || name.data[0] != '#')
        return false;
    hexadecimal = name.data[1] == 'x';
    memcpy(digits, name.data + 1 + hexadecimal, name.length - 1 - hexadecimal);
    digits[name.length - 1 - hexadecimal] = '\0';
    code = strtoul(digits, &end, hexadecimal ? 16 : 10);
    return *digits && digits[strspn(digits, "0123456789abcdefABCDEF")] == '\0' && !*end && add_character(out, code);
}

bool xml_unescape(struct slice text, struct strbuf *out)
{
    const char *at = text.data, *end = text.data + text.length;

    while (at < end) {
        const char *mark = memchr(at, '&', (size_t)(end - at)), *semicolon;

        strbuf_append(out, at, (size_t)((mark ? mark : end) - at));
        if (!mark)
            return true;
        semicolon = memchr(mark, ';', (size_t)(end - mark));
        if (!semicolon || !add_reference(out, (struct slice){ mark + 1, (size_t)(semicolon - mark) - 1 }))
            return false;
        at = semicolon + 1;
    }
    return true;
}

bool xml_find(struct slice document, const char *name, struct strbuf *out)
{
    enum xml_event event;
    struct slice found;
    struct xml xml;

    xml_init(&xml, document);
    while ((event = xml_next(&xml, &found)) != XML_END)
        if (event == XML_CLOSE && slice_is(found, name))
            return xml_unescape(xml.text, out);
    return false;
}
