#pragma once
/*
 * A pull scanner over the XML that S3 and STS answer with: elements and their text, in place, without a copy. What such
 * answers never hold (DOCTYPE, entities of one's own, elements deeper than XML_MAX_DEPTH) is an error. Attributes and
 * comments are passed over. Errors stick: after the first one nothing more comes.
 */

#include <stdbool.h>

#include "../../operator/base/slice.h"
#include "../../operator/base/strbuf.h"

enum { XML_MAX_DEPTH = 16 };

struct xml {
    const char *at, *end;
    const char *problem;              /* static text; NULL while all is well */
    struct slice open[XML_MAX_DEPTH]; /* names of the elements that are open */
    size_t depth;
    struct slice text; /* of the element that closes: as written, what came before its last child left out */
    bool empty;        /* "<a/>" was opened: its close comes next */
};

enum xml_event { XML_END, XML_OPEN, XML_CLOSE };

void xml_init(struct xml *xml, struct slice document);

/* *ret_name is that of the element opened or closed. XML_END: the end, or an error. */
enum xml_event xml_next(struct xml *xml, struct slice *ret_name);

/* Appends text as it was meant: entities and character references resolved. False when one cannot be. */
bool xml_unescape(struct slice text, struct strbuf *out);

/* Appends the text of the first element of this name; false when there is none, or the document is broken before it. */
bool xml_find(struct slice document, const char *name, struct strbuf *out);
