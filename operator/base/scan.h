#pragma once
/*
 * A pull scanner over JSON text that stays where it is: no tree, no copy, no recursion. The caller walks what it wants
 * and skips the rest as bytes. Errors stick: after the first one every call returns "nothing more", so that a walk
 * reads straight through and asks scan_failed once, at its end.
 *
 *     scan_init(&scan, text);
 *     scan_open(&scan, SCAN_OBJECT);
 *     while (scan_key(&scan, &key)) {
 *         if (slice_is(key, "kind"))
 *             kind = scan_string(&scan, arena);
 *         else
 *             scan_skip(&scan);
 *     }
 *
 * A key that is not followed by a read or a skip of its value is a bug of the caller, met as an error.
 */

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"
#include "slice.h"

enum { SCAN_MAX_DEPTH = 10000 }; /* the API server's own limit */

enum scan_type { SCAN_NONE, SCAN_OBJECT, SCAN_ARRAY, SCAN_STRING, SCAN_NUMBER, SCAN_BOOL, SCAN_NULL };

struct scan {
    const char *start, *at, *end;
    const char *problem; /* static text; NULL while all is well */
    bool opened;         /* the bracket of the container being walked was just read */
};

void scan_init(struct scan *scan, struct slice text);
bool scan_failed(const struct scan *scan);
int scan_error(const struct scan *scan, struct error *err); /* fills err with problem and byte; returns -1 */

/* The type of the value ahead; SCAN_NONE at a syntax error or the end. */
enum scan_type scan_peek(struct scan *scan);

/*
 * An object or array is opened, then walked: scan_key / scan_item return false at its end. Opening another type is an
 * error. Keys are returned as written; the few with escapes never equal a name that is looked for.
 */
bool scan_open(struct scan *scan, enum scan_type type);
bool scan_key(struct scan *scan, struct slice *ret_key);
bool scan_item(struct scan *scan);

char *scan_string(struct scan *scan, struct arena *arena); /* unescaped, in the arena; NULL on error */
int64_t scan_int(struct scan *scan);                       /* no fraction, no exponent, within int64; 0 on error */
bool scan_bool(struct scan *scan);
void scan_skip(struct scan *scan);
struct slice scan_raw(struct scan *scan); /* skips the value and returns its bytes */
void scan_end(struct scan *scan);         /* an error when anything but white space follows */
