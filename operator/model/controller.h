#pragma once
/* A controller: one pure function and the tables that describe its kind. controllers/registry.c lists them all. */

#include "../base/fields.h"
#include "observed.h"
#include "plan.h"

struct controller {
    enum kind kind;
    const enum kind *owns;         /* kinds of its children, KIND_COUNT at the end */
    const enum kind *names;        /* kinds that its spec may name; likewise */
    const enum kind *regards;      /* kinds of its grandchildren and referrers; likewise */
    const struct fields *document; /* {spec, status} as the CRD describes it, for `kitae plan` */
    const struct fields *spec;
    const struct fields *status;
    const char *const
        *lazy_status; /* fields of status whose change alone is not worth a write at once; NULL at the end */

    /*
     * Decides everything about one object. No I/O, no clock, no log, cannot fail. With in->self being deleted only
     * drops and releases are carried out.
     */
    void (*plan)(const struct observed *in, struct plan *out);

    /* What would come after this plan, in lines for people, in the arena; NULL: the kind has nothing to add. */
    const char *(*preview)(const struct observed *in);
};

/* NULL-terminated, in alphabetical order of the kinds. */
extern const struct controller *const controllers[];

/* The one of a kind; NULL when the kind has none, as children and KIND_COUNT have. */
const struct controller *controller_find(enum kind kind);
