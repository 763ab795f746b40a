#pragma once
/*
 * YAML in and out, as json_t trees: kubeconfigs, manifests, golden files. Read as kubectl reads it (sigs.k8s.io/yaml
 * over YAML 1.1): quoted scalars are strings, plain ones what yaml_scalar.h says; keys that are numbers or booleans
 * become text; duplicate keys are errors. Beyond that, refused with a message that says where: merge keys (<<),
 * tags other than the standard ones for scalars, keys that are collections, infinities, a second use of memory by
 * aliases beyond the limits below. JSON is YAML.
 */

#include <jansson.h>
#include <stddef.h>

#include "arena.h"
#include "error.h"
#include "slice.h"
#include "strbuf.h"

enum {
    YAML_MAX_TEXT = 16 * 1024 * 1024,
    YAML_MAX_DEPTH = 200,
    YAML_MAX_WEIGHT =
        32 * 1024 * 1024, /* of all values together: 16 each and their bytes, what aliases repeat counted too */
};

struct yaml_place;

struct yaml_document {
    json_t *value; /* owned by the struct yaml; the caller may change it in place, or take it and leave NULL */
    const struct yaml_place *place;
};

struct yaml {
    struct yaml_document *documents; /* empty ones (nothing but comments, or null) are left out */
    size_t count;
    size_t capacity;
    struct arena places;
};

/*
 * Parses all documents of a text. `name` stands for the text in messages, which read "name:line:column: problem" and
 * never quote scalars, as those may be secrets; duplicate keys are named. On failure *ret is untouched, and the error
 * is ERROR_INVALID.
 */
int yaml_parse(const char *name, struct slice text, struct yaml *ret, struct error *err) must_check;
void yaml_finish(struct yaml *yaml);

#define auto_yaml __attribute__((cleanup(yaml_finish)))

/*
 * The line, from 1, where a path like "spec.roles[1].replicas" was written (its key); when it was not, that of the
 * deepest parent that was: the place where something is missing. Keys with dots in them are found too.
 */
unsigned yaml_line(const struct yaml_document *document, const char *path);

/*
 * Appends a value as a document in block style, ending with a newline and without "---": keys in the order in which
 * they were added, text of several lines as "|", other strings quoted only where some YAML reader would take them for
 * something else. yaml_parse reads back an equal value, except that reals without a fraction return as integers.
 */
void yaml_dump(const json_t *value, struct strbuf *out);
