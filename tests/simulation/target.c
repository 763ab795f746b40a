#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "trees.h"

/* Copies bytes up to length into a field of a target; false when they do not fit. */
static bool copy(char *field, size_t size, const char *from, size_t length)
{
    if (length >= size)
        return false;
    memcpy(field, from, length);
    field[length] = '\0';
    return true;
}

static int hex(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10;
}

static void unescape(char *text)
{
    char *to = text;

    for (; *text; text++) {
        if (*text == '%' && text[1] && text[2]) {
            *to++ = (char)(hex(text[1]) * 16 + hex(text[2]));
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

/* -- the query ---------------------------------------------------------------------------------------------------- */

static bool parse_term(struct term *term, const char *text, size_t length)
{
    const char *equals = memchr(text, '=', length);

    if (memchr(text, '!', length) || memchr(text, '(', length))
        return false; /* not needed so far */
    term->exists = !equals;
    if (!equals)
        return copy(term->key, sizeof(term->key), text, length);
    return copy(term->key, sizeof(term->key), text, (size_t)(equals - text)) &&
           copy(term->value, sizeof(term->value), equals + 1, length - (size_t)(equals - text) - 1);
}

static bool parse_selector(struct selector *selector, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, ",");

        if (selector->count == MAX_TERMS || !parse_term(&selector->terms[selector->count++], text, length))
            return false;
        text += length + (text[length] == ',');
    }
    return true;
}

static bool parse_parameter(struct target *target, const char *key, const char *value)
{
    if (strcmp(key, "limit") == 0)
        target->limit = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(key, "continue") == 0)
        return copy(target->token, sizeof(target->token), value, strlen(value));
    else if (strcmp(key, "labelSelector") == 0)
        return parse_selector(&target->selector, value);
    else if (strcmp(key, "fieldValidation") == 0)
        target->strict = strcmp(value, "Strict") == 0;
    else if (strcmp(key, "watch") == 0)
        target->watch = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
    else if (strcmp(key, "allowWatchBookmarks") == 0)
        target->bookmarks = strcmp(value, "true") == 0;
    else if (strcmp(key, "force") == 0)
        target->force = strcmp(value, "true") == 0;
    else if (strcmp(key, "timeoutSeconds") == 0)
        target->timeout_seconds = strtoll(value, NULL, 10);
    else if (strcmp(key, "resourceVersion") == 0) {
        target->has_version = *value;
        target->version = strtoull(value, NULL, 10);
    } else
        return strcmp(key, "fieldManager") == 0 || strcmp(key, "timeout") == 0;
    return true;
}

static bool parse_query(struct target *target, char *query)
{
    for (char *key = query, *next; key && *key; key = next) {
        char *end = key + strcspn(key, "&"), *value = strchr(key, '=');

        next = *end ? end + 1 : NULL;
        *end = '\0';
        if (!value)
            return false;
        *value++ = '\0';
        unescape(value);
        if (!parse_parameter(target, key, value))
            return false;
    }
    return true;
}

/* -- the path ----------------------------------------------------------------------------------------------------- */

static const char *skip_prefix(const char *path, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(path, prefix, length) == 0 && (path[length] == '/' || !path[length]) ? path + length : NULL;
}

/* Takes one "/segment" off the path; "" when there is none. */
static bool take_segment(const char **path, char *field, size_t size)
{
    size_t length;

    if (**path != '/')
        return copy(field, size, "", 0);
    length = strcspn(*path + 1, "/");
    if (!copy(field, size, *path + 1, length))
        return false;
    *path += 1 + length;
    unescape(field);
    return true;
}

static bool parse_resource(struct target *target, const char *path)
{
    char segment[64];

    for (enum resource resource = 0; resource < RESOURCE_COUNT; resource++) {
        const char *rest = skip_prefix(path, resource_info(resource)->prefix), *within;

        if (!rest)
            continue;
        *target->namespace = '\0';
        if ((within = skip_prefix(rest, "/namespaces")) &&
            take_segment(&within, target->namespace, sizeof(target->namespace)))
            rest = within;
        if (!take_segment(&rest, segment, sizeof(segment)) || strcmp(segment, resource_info(resource)->plural) != 0)
            continue;
        target->resource = resource;
        if (!take_segment(&rest, target->name, sizeof(target->name)) || !take_segment(&rest, segment, sizeof(segment)))
            return false;
        target->status = strcmp(segment, "status") == 0;
        return !*rest && (target->status || !*segment);
    }
    return false;
}

bool target_parse(const char *path, struct target *ret, const char **ret_problem)
{
    auto_free char *text = xstrdup(path);
    char *query = strchr(text, '?');

    memset(ret, 0, sizeof(*ret));
    *ret_problem = "path";
    if (query)
        *query++ = '\0';
    if (!parse_resource(ret, text))
        return false;
    *ret_problem = "query";
    return parse_query(ret, query);
}

/* -- matching ----------------------------------------------------------------------------------------------------- */

bool selector_matches(const struct selector *selector, const json_t *tree)
{
    const json_t *labels = jb_get(tree_metadata(tree), "labels");

    for (unsigned i = 0; i < selector->count; i++) {
        const json_t *value = jb_get(labels, selector->terms[i].key);

        if (!value || (!selector->terms[i].exists && strcmp(json_string_value(value), selector->terms[i].value) != 0))
            return false;
    }
    return true;
}

bool target_covers(const struct target *target, const struct thing *thing)
{
    return thing->resource == target->resource &&
           (!*target->namespace || strcmp(target->namespace, thing->namespace) == 0);
}
