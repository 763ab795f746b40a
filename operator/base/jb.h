#pragma once
/*
 * The one way to build JSON. OBJ and ARR nest like the YAML they stand for:
 *
 *     OBJ({ "kind", jb_str("Service") },
 *         { "spec", OBJ({ "clusterIP", headless ? jb_str("None") : NULL }, { "ports", ARR(port_of(job)) }) })
 *
 * A NULL value leaves its key, or its place in the array, out. Values are taken: a builder's result belongs to the
 * caller, and what is put into it belongs to it. Reading is by jb_get and its like, which borrow and return const, so
 * that a borrowed tree cannot be given away by mistake.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "slice.h"

struct jb_pair {
    const char *key;
    json_t *value; /* taken; NULL: left out */
};

#define OBJ(...) jb_object((struct jb_pair[]){ __VA_ARGS__, { NULL, NULL } })
#define ARR(...) jb_array((json_t *[]){ __VA_ARGS__, jb_array_end() })

json_t *jb_object(struct jb_pair *pairs);
json_t *jb_array(json_t **values);
json_t *jb_array_end(void); /* the mark behind the last element, distinct from NULL */

/* Text must be UTF-8; bytes that are not become U+FFFD. NULL gives NULL. */
json_t *jb_str(const char *text);
json_t *jb_strn(const char *text, size_t length);
json_t *jb_fmt(const char *format, ...) printf_like(1, 2);
json_t *jb_int(int64_t value);
json_t *jb_bool(bool value);
json_t *jb_copy(const json_t *value); /* a deep copy; NULL gives NULL */

/* Sets key in a tree the caller owns; value is taken, NULL removes the key. */
void jb_set(json_t *object, const char *key, json_t *value);
void jb_append(json_t *array, json_t *value); /* value is taken; NULL is left out */

/* Borrowed members; NULL, "", or the fallback when the tree is NULL, no object, or lacks the key. */
const json_t *jb_get(const json_t *object, const char *key);
const char *jb_get_str(const json_t *object, const char *key);
int64_t jb_get_int(const json_t *object, const char *key, int64_t fallback);

/* Finds the member of an array of objects whose "name" is name; NULL when there is none. */
const json_t *jb_named(const json_t *array, const char *name);

/* A member of a tree the caller owns, made empty when it is missing or of another type; borrowed. */
json_t *jb_child_object(json_t *object, const char *key);
json_t *jb_child_array(json_t *object, const char *key);

/* Parses one document; duplicate keys, trailing bytes and a nesting above 2048 are ERROR_INVALID. Caller owns it. */
int jb_parse(struct slice text, json_t **ret_value, struct error *err) must_check;

/* The compact text; with sorted keys when `sorted`. The caller frees it. */
char *jb_dump(const json_t *value, bool sorted);

/*
 * The JSON merge patch (RFC 7386) that turns `from` into `to`: NULL when they are equal. Keys that go are explicit
 * nulls. The caller owns the result.
 */
json_t *jb_merge_patch(const json_t *from, const json_t *to);
