#pragma once
/*
 * Structs described by tables: one decoder fills any of them from JSON text, one checker judges any document by them.
 * The tables of our own kinds are generated from crds/<kind>.yaml (tools/crdgen); those of foreign kinds are written by
 * hand and name only what a decision needs.
 *
 * How a field lies in its struct, by type:
 *   FIELD_STRING   const char *x          NULL: absent
 *   FIELD_ENUM     int x                  0: absent, else 1 + the place in `names`
 *   FIELD_TIME     int64_t x              seconds since 1970; 0: absent. RFC 3339 in the text
 *   FIELD_INT      int64_t x; bool has_x  `extra` is the offset of has_x
 *   FIELD_BOOL     bool x; bool has_x     likewise
 *   FIELD_RAW      struct slice x         the bytes of any value, data NULL: absent
 *   FIELD_OBJECT   const struct y *x      NULL: absent
 *   FIELD_LIST     const struct y *x; size_t x_count       `extra` is the offset of x_count
 *   FIELD_STRINGS  const char *const *x; size_t x_count    likewise
 *   FIELD_INTS     const int64_t *x; size_t x_count        likewise
 * A JSON null counts as absent. Everything decoded lives in the arena or, for FIELD_RAW, in the text itself.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"
#include "scan.h"
#include "slice.h"

enum { FIELDS_MAX = 64 }; /* of one struct */

enum field_type {
    FIELD_STRING,
    FIELD_ENUM,
    FIELD_TIME,
    FIELD_INT,
    FIELD_BOOL,
    FIELD_RAW,
    FIELD_OBJECT,
    FIELD_LIST,
    FIELD_STRINGS,
    FIELD_INTS,
};

struct fields;

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    size_t extra;
    const struct fields *of;  /* OBJECT and LIST; RAW: what the checker looks at inside, or NULL */
    const char *const *names; /* ENUM, items of STRINGS: the values, NULL at the end */
    int64_t min, max;         /* INT: the range; STRING: characters; lists: items. Both 0: unbounded */
    const char *pattern;      /* STRING, items of STRINGS: an extended regular expression, checker only */
    const char *unique;       /* LIST: no two items have an equal member of this name; STRINGS, INTS: "", equal items */
    const char *preset;       /* the default as JSON text, checker only; NULL: none */
    bool required;
};

struct fields {
    const struct field *list;
    size_t count;
    size_t size;              /* of the struct */
    const char *const *rules; /* messages of the rules that only a server checks (CEL), NULL at the end; may be NULL */
    bool open;                /* keeps fields that the table does not name (x-kubernetes-preserve-unknown-fields) */
    const struct field *each; /* a map: what every value must be, its key in no table; checker only. NULL: no map */
    int64_t min, max;         /* entries of a map; both 0: unbounded */
};

/*
 * Fills *ret (type->size bytes, zeroed first) from the object ahead in scan. Unknown fields are skipped: a newer
 * resource may meet an older operator. ERROR_INVALID names the path: "spec.roles[1].replicas: 5000 is above 2000".
 */
int fields_decode(const struct fields *type,
                  const char *path,
                  struct scan *scan,
                  struct arena *arena,
                  void *ret,
                  struct error *err) must_check;

/* Called for every problem found in a document; path is like "spec.roles[1].replicas". */
typedef void fields_report(void *context, const char *path, const char *problem);

/*
 * Judges a document as the API server's schema check would, and fills in defaults (the object is changed in place).
 * Reports unknown fields, missing ones, wrong types, values out of range; returns how many problems there are.
 */
unsigned fields_check(
    const struct fields *type, const char *path, json_t *object, fields_report *report, void *context);

/* Seconds since 1970 of an RFC 3339 time with or without a fraction; -1 when it is none. */
int64_t fields_parse_time(const char *text);

/* The RFC 3339 text of a time in UTC, whole seconds; in the arena. */
char *fields_format_time(struct arena *arena, int64_t seconds);
