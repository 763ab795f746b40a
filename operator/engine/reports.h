#pragma once
/*
 * What pods tell of themselves, over HTTPS: how far they are. A pod shows a token that its service account gave it for
 * us alone (TokenReview says whose it is), and its words are kept, in memory only, for the object it works for: the
 * last ones of each pod, at most every ten seconds. The certificate that we answer with is our own authority's; both
 * are in one Secret, so that all replicas show the same one. Only the leader takes reports, and only it writes here.
 *
 * Without the rights for that Secret or for token reviews reports are off, and the objects' plans are told why.
 */

#include "../base/map.h"
#include "../kube/certificate.h"
#include "../model/observed.h"
#include "engine.h"

enum {
    REPORT_MAX = 4096,       /* bytes of a report */
    REPORT_EVERY_MS = 10000, /* the least between two of one pod */
    REPORT_MAX_REVIEWS = 16, /* of tokens, under way */
};

enum reports_state {
    REPORTS_OFF,     /* nobody wants them */
    REPORTS_UNKNOWN, /* being set up for the first time; no plan is made before */
    REPORTS_ON,
    REPORTS_REFUSED, /* tried again now and then */
};

/* A report whose token is being looked at; token NULL: a place for one. */
struct report_review {
    uint64_t id;
    char *token, *text;
};

struct reports {
    enum reports_state state;
    struct reporting told; /* to plans */
    bool under_way;        /* a request of the setting up has no answer yet */
    bool is_new;           /* the certificate has not been taken since it changed */
    int64_t next_look;     /* monotonic ms: at the Secret */
    struct certificate authority, served;
    char *version; /* resourceVersion of the Secret; NULL: there is none */
    char *problem;
    struct map by_pod; /* struct pod_report, by uid */
    struct map tokens; /* struct known_token */
    struct report_review reviews[REPORT_MAX_REVIEWS];
    struct report_reply *replies;
    size_t reply_count, reply_capacity, reply_next;
    int64_t next_sweep;
};

void reports_init(struct engine *engine);
void reports_finish(struct reports *reports);

/* Does what is due; returns when it wants to be called again. */
int64_t reports_tick(struct engine *engine);

/* One has come in; the answer is given by engine_take_reply. */
void reports_take(struct engine *engine, const struct report_call *call);

/* Shows a plan what the pods of its object say, and whether they can. */
void reports_show(const struct engine *engine, struct arena *arena, struct observed *in);
