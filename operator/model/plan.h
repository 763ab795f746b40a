#pragma once
/*
 * All that a plan function can say: what must exist, what must go, what the status is, what to tell people, what to
 * prove first, what to ask others, and when to look again. Strings are borrowed from `observed`, static, or in the
 * pass's arena.
 */

#include <jansson.h>
#include <stdbool.h>

#include "../base/arena.h"
#include "observed.h"

/* What makes a child the one it is; it becomes the labels kitae.dev/role, index and attempt. */
struct identity {
    const char *role; /* NULL: the child has no place in a role */
    int index;
    int attempt;
};

/*
 * Builds the body of a child when it must be sent: everything but apiVersion, kind, name, namespace, owner reference,
 * identity and managed-by labels, which the engine adds. Returns a tree that the engine owns.
 */
typedef json_t *late_body(const struct observed *in, const struct identity *identity);

enum want_mode {
    WANT_PREPARE, /* POST before all that follows in the plan; a name that is taken is ours: secrets, claims */
    WANT_CREATE,  /* POST once, never changed: pods, jobs */
    WANT_APPLY,   /* POST when missing, server-side apply when what we want changed: services, deployments */
};

enum { SCALE_FREE = -1 };

struct want {
    enum want_mode mode;
    enum kind kind;
    const char *name;
    struct identity identity;
    late_body *body;
    bool record; /* put FINALIZER_RECORD on it */
    bool keep;   /* no child of ours, as far as the garbage collector knows: it stays when its maker goes */
    int scale;   /* spec.replicas, beside the body; SCALE_FREE: whoever else decides (an autoscaler) */
};

struct plan_condition {
    const char *type;
    bool status, unknown; /* unknown: nobody can tell, whatever `status` says */
    const char *reason;
    const char *message;
};

struct plan_event {
    bool warning;
    const char *reason; /* CamelCase, what happened */
    const char *action; /* CamelCase, what was done or tried */
    const char *note;
};

struct drop {
    const struct object *child;
    bool by_force; /* it hangs in deletion on a node that does not answer: taken from the API, wherever it runs */
};

/* To be read live before anything is concluded from it. */
struct confirm {
    enum kind kind;
    const char *name; /* NULL: all of the kind, in the namespace */
};

enum ask_type {
    ASK_PROBE,  /* GET a URL, `count` times */
    ASK_QUERY,  /* of Prometheus, for one number now */
    ASK_OBJECT, /* of the API server: one that is neither a child nor of the same namespace, a Gateway */
};

/*
 * A question to somebody outside, asked again every so often for as long as plans ask it; the answer comes with a later
 * pass. What decides which question it is: all of it but `every_s`.
 */
struct ask {
    enum ask_type type;
    const char *key;   /* to find the answer by; unique in the plan */
    const char *url;   /* ASK_PROBE: http:// or https:// with a numeric address; certificates are not looked at */
    const char *host;  /* ASK_PROBE: the Host header; NULL: that of the URL */
    int count;         /* ASK_PROBE */
    const char *query; /* ASK_QUERY: PromQL */
    const char *path;  /* ASK_OBJECT: "/apis/..." */
    int every_s;       /* seconds between questions */
    int timeout_ms;    /* of one request */
};

enum guard { GUARD_AS_IT_IS, GUARD_ON, GUARD_OFF };

struct plan {
    struct arena *arena;
    struct want *wants;
    size_t want_count, want_capacity;
    struct drop *drops; /* to be deleted, by uid */
    size_t drop_count, drop_capacity;
    const struct object **releases; /* whose FINALIZER_RECORD is to go */
    size_t release_count, release_capacity;
    struct plan_condition *conditions;
    size_t condition_count, condition_capacity;
    struct plan_event *events;
    size_t event_count, event_capacity;
    json_t *status;           /* everything but conditions and observedGeneration, which the engine adds */
    bool keep_status;         /* leave the status as it is, all but observedGeneration */
    enum guard guard;         /* FINALIZER_IN_USE of the object itself */
    struct confirm *confirms; /* if any, nothing of this plan is carried out: they are read, and it is made again */
    size_t confirm_count, confirm_capacity;
    struct ask *asks;
    size_t ask_count, ask_capacity;
    int64_t look_again_at; /* seconds since 1970; 0: only when something changes */
};

void plan_init(struct plan *plan, struct arena *arena);
void plan_finish(struct plan *plan);

void plan_create(
    struct plan *out, enum kind kind, const char *name, struct identity identity, late_body *body, bool record);

/*
 * Made once and never changed, but for spec.replicas: that is set whenever it is another, by a write of its own, so
 * that it can be left to an autoscaler and taken back without anybody's pods going away meanwhile.
 */
void plan_create_scaled(
    struct plan *out, enum kind kind, const char *name, struct identity identity, late_body *body, int scale);

/*
 * What the children that the plan names after it cannot do without, of a kind that is never read. Nothing tells whether
 * it is there: it is sent in each pass that has something to create, and that goes on only when it was accepted or its
 * name is taken. So the plan says it only while it may not be there, and its name must be one that nobody else takes.
 * Its body finds in->seed, and the index in its identity:
 * which of several it is.
 */
void plan_prepare(struct plan *out, enum kind kind, const char *name, int index, late_body *body);

/* Likewise, of something that outlives the object, and is found there by another of its name. */
void plan_prepare_to_keep(struct plan *out, enum kind kind, const char *name, int index, late_body *body);
void plan_apply(struct plan *out, enum kind kind, const char *name, late_body *body);
void plan_apply_as(struct plan *out, enum kind kind, const char *name, struct identity identity, late_body *body);
void plan_drop(struct plan *out, const struct object *child); /* one that is being deleted already is left alone */
void plan_drop_by_force(struct plan *out, const struct object *child);
void plan_release(struct plan *out, const struct object *child); /* a child without the finalizer is left alone */

/* Sets a field of the status; the value is taken, NULL leaves the field out, which removes it. */
void plan_status(struct plan *out, const char *field, json_t *value);

/* A condition says what is true now; lastTransitionTime and observedGeneration are the engine's. */
void plan_condition(struct plan *out, const char *type, bool status, const char *reason, const char *format, ...)
    printf_like(5, 6);

void plan_condition_unknown(struct plan *out, const char *type, const char *reason, const char *format, ...)
    printf_like(4, 5);

/* Said once for each change of the status that goes with it: a pass that does not change the status sends no event. */
void plan_event(struct plan *out, bool warning, const char *reason, const char *action, const char *format, ...)
    printf_like(5, 6);

/*
 * Something is concluded from what this object is, or from its absence, and a watch may lag: it is read live first, and
 * in->confirmed says that all that was named has been. NULL for all objects of the kind: that nobody of them refers to
 * this one, for instance.
 */
void plan_confirm(struct plan *out, enum kind kind, const char *name);

/* The object itself must not go, or may go, as far as we are concerned. */
void plan_guard(struct plan *out, enum guard guard);

/* At most 16 of a plan, probes of at most 20 requests; what is answered is kept up to 64 KiB. */
void plan_ask(struct plan *out, struct ask ask);

void plan_look_again(struct plan *out, int64_t at); /* the earliest one counts */
