#pragma once
/* What a path and its query ask for. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "server.h"

enum { MAX_TERMS = 4 };

struct term {
    char key[96], value[96];
    bool exists; /* the key is enough */
};

struct selector {
    struct term terms[MAX_TERMS];
    unsigned count;
};

struct target {
    enum resource resource;
    char namespace[64]; /* "": all */
    char name[192];     /* "": the collection */
    bool status;
    struct selector selector;
    unsigned limit; /* 0: no limit */
    char token[32]; /* of the page to go on with; "": the first one */
    bool strict, watch, bookmarks, force;
    bool has_version;
    uint64_t version;
    int64_t timeout_seconds;
};

/* False, with the part that is not understood, when a real server would not know it or the model does not. */
bool target_parse(const char *path, struct target *ret, const char **ret_problem);

bool selector_matches(const struct selector *selector, const json_t *tree);
bool target_covers(const struct target *target, const struct thing *thing); /* by kind and namespace */
