#pragma once
/*
 * All that a plan function may know. Everything is borrowed and valid until the pass ends.
 */

#include "../base/arena.h"
#include "object.h"

struct objects {
    const struct object *const *items; /* by role, then index, then attempt, then name */
    size_t count;
};

/* What became of the last attempt to write a child, while it still matters. */
enum failure_type {
    FAILURE_INVALID, /* the server refuses the object as it is (400, 422): the owner's spec must change */
    FAILURE_DENIED,  /* quota, admission, RBAC (403): tried again with back-off */
    FAILURE_TAKEN,   /* the name belongs to an object that is not ours */
    FAILURE_SERVER,  /* 5xx, 429, no answer */
};

struct failure {
    enum failure_type type;
    enum kind kind;
    const char *name;    /* of the child */
    const char *role;    /* "" when the child has none */
    const char *message; /* the server's words */
    int64_t since;       /* seconds since 1970 */
};

/* What a pod that works for the object said last. */
struct report {
    const char *pod;   /* its name */
    int64_t at;        /* seconds since 1970 */
    struct slice text; /* a JSON object */
};

/* What the tokens that pods report with are for. */
#define REPORT_AUDIENCE "kitae.dev/reports"

/* How pods can report. */
struct reporting {
    const char *url, *ca; /* PEM */
    const char *problem;  /* why they cannot, and what to do; NULL: they can */
};

enum { SEED_LENGTH = 32 };

/* Of the pods that move data, where nobody says another. */
#define DEFAULT_AGENT_IMAGE "ghcr.io/kitae-dev/kitae:" KITAE_VERSION

/* The one of a kind with this name; NULL: none. */
const struct object *objects_find(struct objects objects, enum kind kind, const char *name);

struct observed {
    const struct object *self;
    const void
        *spec; /* the controller's own struct, decoded; a pass with a spec that does not decode is the engine's */
    const void *status;       /* likewise; zeroed when the object has no status yet */
    struct slice status_text; /* the same as JSON; data NULL: none yet */
    struct objects children[KIND_COUNT];
    struct objects grandchildren[KIND_COUNT]; /* made by children: evidence, never dropped or written to */
    struct objects referred;                  /* what the spec names, where it exists; of several kinds */
    struct objects referrers;                 /* custom resources whose spec names this object; likewise */
    const char *agent_image;                  /* of the pods that move data */
    const struct failure *failures;
    size_t failure_count;
    const struct report *reports; /* of pods that are there; what the operator heard since it started */
    size_t report_count;
    const struct reporting *reporting; /* NULL: nobody asked for reports */
    bool confirmed;            /* what the last plan wanted confirmed was read live since: all here is as it was then */
    int64_t now;               /* seconds since 1970 */
    const unsigned char *seed; /* SEED_LENGTH bytes that nobody else has, for the body of what is prepared (plan.h);
                                  NULL: it is only shown, not sent */
    struct arena *arena;       /* for strings of the plan */
};
