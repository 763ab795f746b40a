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

/*
 * What came of a question of an earlier plan (plan_ask). In memory only: there is none after a restart, which says
 * nothing, neither good nor bad. Strings are NULL where there is nothing to say.
 */
struct answer {
    const char *key; /* the question's */
    int64_t at;      /* when it was asked, seconds since 1970 */
    const char
        *error;      /* why there is no answer, and what to do; the rest is empty then, but for the counts of a probe */
    int count, good; /* ASK_PROBE: requests made, and those that were answered 200 to 399 in time */
    int misses;      /* answers in a row, up to this one, that had an error, or nothing good of a probe */
    int status;      /* ASK_PROBE: of the worst answer: the highest; 0: none came */
    int slowest_ms;  /* ASK_PROBE */
    const char *value; /* ASK_QUERY: a decimal number as the server wrote it, or +Inf, -Inf; NaN is an error */
    struct slice text; /* ASK_OBJECT: the whole object as JSON, but for managedFields; NUL-terminated */
};

/* The error of an ASK_OBJECT for one that is not there. */
#define ANSWER_NO_OBJECT "there is no such object"

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
    struct objects referred;                  /* what it names, where that exists; of several kinds */
    struct objects referrers;                 /* custom resources that name this object; likewise */
    const char *agent_image;                  /* of the pods that move data */
    const struct failure *failures;
    size_t failure_count;
    const struct report *reports; /* of pods that are there; what the operator heard since it started */
    size_t report_count;
    const struct reporting *reporting; /* NULL: nobody asked for reports */
    const struct answer *answers;      /* to what the last plan asked, where there is one */
    size_t answer_count;
    bool has_prometheus;        /* queries can be asked */
    bool can_probe;             /* addresses of the cluster can be reached from here */
    bool absent[KIND_COUNT];    /* optional kinds that the server does not have, or that are not for us to see */
    bool forbidden[KIND_COUNT]; /* ... the latter: nobody can tell what there is of them */
    bool confirmed;            /* what the last plan wanted confirmed was read live since: all here is as it was then */
    int64_t now;               /* seconds since 1970 */
    const unsigned char *seed; /* SEED_LENGTH bytes that nobody else has, for the body of what is prepared (plan.h);
                                  NULL: it is only shown, not sent */
    struct arena *arena;       /* for strings of the plan */
};

/* The answer to the question of this key; NULL: none yet. */
const struct answer *answer_find(const struct observed *in, const char *key);
