#pragma once
/* Objects as the API server sends them, decoded. JSON in these tests is written with ' for ". */

#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "../../operator/model/object.h"
#include "unit.h"

static inline char *json(const char *text)
{
    char *copy = xstrdup(text);

    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

static inline struct object *decode(enum kind kind, const char *text)
{
    auto_free char *quoted = json(text);
    struct object *object = NULL;
    struct error err = { 0 };

    if (object_decode(kind, slice_of(quoted), &object, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    memset(quoted, 'x', strlen(quoted)); /* nothing may be borrowed from the text */
    return object;
}
