#pragma once
/*
 * One ServingEndpoint in one pass: what is the case, and what this plan makes of it. A revision is a Deployment, a
 * Service and perhaps an autoscaler of one name; at most one is stable (it serves) and one is the candidate (it is
 * being rolled out), the others retire. Traffic moves only by weights of the route, and by the selector of the Service
 * of the endpoint's own name, which changes once, at promotion.
 */

#include <jansson.h>

#include "../../operator/model/plan.h"
#include "servingendpoint.h"

enum { UNSEEN_AFTER = 30 }; /* seconds after which a route counts as seen where no Gateway says anything of it */

enum { MAX_REVISIONS = 10, MAX_REJECTED = 10, MAX_CHECKS = 8, MAX_STEPS = 20 };

enum protocol { PROTOCOL_HTTP = 1, PROTOCOL_H2C, PROTOCOL_GRPC };
enum strategy { STRATEGY_CANARY = 1, STRATEGY_BLUE_GREEN, STRATEGY_RECREATE };
enum revision_role { ROLE_NONE, ROLE_STABLE, ROLE_CANDIDATE, ROLE_RETIRING };
enum rollout_state { STATE_FREEING = 1, STATE_STARTING, STATE_SHIFTING, STATE_PROMOTING, STATE_RETURNING };

/* What makes a revision the one it is, and what we must know of it when the spec says something else by then. */
struct recipe {
    const char *name;                     /* <endpoint>-<hash> */
    const char *model, *version, *digest; /* NULL without modelRef */
    int port;
    enum protocol protocol;
    const char *probe_path; /* of its readinessProbe; NULL: it has none that we could ask */
};

/* How the first pod of a revision came up. Seconds; -1: not known. */
struct startup {
    bool known;
    int64_t scheduled, fetch, image, load, first_ready;
    int64_t model_bytes, model_bytes_per_second;
};

struct revision {
    struct recipe recipe;
    enum revision_role role;
    bool recorded; /* in the status that was observed */
    bool proven;   /* it has been stable */
    int64_t created_at, retire_at;
    const struct object *deployment, *service, *autoscaler; /* NULL: not there */
    const char *address;                                    /* of its Service; NULL: none yet */
    int replicas;                                           /* spec.replicas of the Deployment; 0 without one */
    int pods, ready;                                        /* that are not being deleted */
    int pods_left;                                          /* those too that are */
    const char *denied;                                     /* why its Deployment gets no pods; NULL: nobody says */
    struct startup startup;
};

/* status.candidate, beside the revision itself. */
struct rollout {
    enum strategy strategy;
    enum rollout_state state;
    int step;
    int traffic;  /* percent that it is given */
    int replicas; /* that the stable revision had when it began */
    int64_t start_time, step_time, progress_time, checked_at;
    int failures;
    bool passed, paused;
    const char *reason, *message;
};

/* spec.rollout with its defaults. */
struct rules {
    enum strategy strategy;
    const struct servingendpoint_spec_rollout_steps *steps;
    int step_count;
    const struct servingendpoint_spec_rollout_checks *checks;
    int check_count;
    const char *approve, *reject; /* "" when not said */
    int interval, failure_limit, hold_max, deadline, scale_down_delay;
    enum servingendpoint_spec_rollout_on_not_enough_traffic thin;
    bool paused;
};

/* What the spec asks for now. */
struct target {
    bool known; /* `recipe` is filled in */
    struct recipe recipe;
    const char *reason, *problem; /* why it can never be made (Accepted is False); NULL: it can */
    const char *waits;            /* why it is not known yet: a sentence about its Model; NULL: it is */
};

struct rejection {
    const char *revision, *reason, *message, *requested_at;
    int64_t time;
};

/* How the last rollout ended. */
struct ending {
    const char *revision, *reason, *message;
    int result; /* servingendpoint_status_last_rollout_result; 0: none yet */
    int64_t start_time, completion_time;
    struct startup startup;
};

/* The route in the cluster. */
struct route_view {
    const struct object *object;  /* NULL: not there */
    bool shown;                   /* each Gateway that has taken it has seen it as it is now */
    bool judged;                  /* some Gateway has said something of it */
    const char *reason, *problem; /* why it is not served; NULL: nothing is known to be wrong */
};

/* Of one thing: whether it is as it should be; reason and text of a condition that says so. */
struct standing {
    bool is_good;
    const char *reason, *text;
};

/* How many pods somebody else may decide on. */
struct autoscaling {
    bool on;
    int min, max;
};

struct endpoint {
    const struct observed *in;
    const struct servingendpoint_spec *spec;
    const struct servingendpoint_status *status;
    struct arena *arena;
    const char *name;
    int replicas; /* of a revision that serves all */
    struct autoscaling scaling;
    struct rules rules;
    struct target target;
    struct revision revisions[MAX_REVISIONS];
    int revision_count;
    struct revision *stable, *candidate; /* NULL: none */
    struct rollout rollout;              /* the candidate's */
    int64_t stable_since;
    struct rejection rejected[MAX_REJECTED];
    int rejected_count;
    struct ending last;
    struct route_view route;
    const char *event_reason, *event_text; /* what this plan has decided; NULL: nothing to tell */
    bool event_warns;
    const char *why; /* what the candidate waits for, behind its name; NULL: nothing */
    const char *why_reason;
    bool is_patient;       /* ... for as long as it takes: the deadline does not count that */
    int64_t look_again_at; /* seconds since 1970; 0: only when something changes */
    bool needs_person;     /* ... and nothing but a person can help it on */
};

/* What is the case, and all that is decided about it. */
void endpoint_init(struct endpoint *endpoint, const struct observed *in);

struct revision *find_revision(struct endpoint *endpoint, const char *name); /* NULL: none */
bool is_initial(const struct endpoint *endpoint); /* nothing has served yet: there is nobody to compare with */

/* -- target.c -- */

void find_target(struct endpoint *endpoint);
const struct rejection *find_rejection(const struct endpoint *endpoint); /* of the target; NULL: it may be tried */
void confirm_model(const struct endpoint *endpoint, struct plan *out);   /* before the first pod of a revision */

/* -- capacity.c -- */

/* Pods that the candidate needs ready before it may go on, and those that it is given. */
int pods_needed(const struct endpoint *endpoint);
int scale_of(const struct endpoint *endpoint, const struct revision *revision);  /* SCALE_FREE: not ours to say */
int floor_of(const struct endpoint *endpoint, const struct revision *revision);  /* of its autoscaler */
bool is_freed(const struct endpoint *endpoint, const struct revision *revision); /* its pods make room (Recreate) */

/* -- rollout.c: what comes next -- */

void decide_rollout(struct endpoint *endpoint);
void wait_for(struct endpoint *endpoint, const char *reason, const char *text); /* the first thing said stays */
void wait_patiently(struct endpoint *endpoint, const char *reason, const char *text);
void retire_revisions(const struct endpoint *endpoint, struct plan *out); /* those whose time has come */

/* -- checks.c: what others say of the candidate -- */

void ask_about_candidate(const struct endpoint *endpoint, struct plan *out);
bool candidate_answers(struct endpoint *endpoint); /* through its own Service; says why not */
void take_checks(struct endpoint *endpoint);       /* counts a new look */
bool checks_let_pass(struct endpoint *endpoint);   /* the step may end as far as they are concerned; says why not */

/* Why a question to that path of a revision got no good answer; NULL: it got one. */
const char *probe_problem(const struct endpoint *endpoint, const struct answer *answer);

/* -- route.c, gateway.c -- */

enum kind route_kind(enum protocol protocol);
bool has_route(const struct endpoint *endpoint);       /* it is asked for, and the cluster can have it */
bool is_route_hidden(const struct endpoint *endpoint); /* there may be one that still sends: we may not look */
bool shares_route(const struct endpoint *endpoint);    /* candidate and stable can stand in one route */
void find_route(struct endpoint *endpoint);
bool route_gives(const struct endpoint *endpoint, int candidate_percent); /* and Gateways have seen it */
bool route_names(const struct endpoint *endpoint, const char *revision);  /* with a weight above 0 */
void want_route(const struct endpoint *endpoint, struct plan *out);
void ask_about_route(const struct endpoint *endpoint, struct plan *out);
void say_route(const struct endpoint *endpoint, struct plan *out);

enum reach { REACH_UNKNOWN, REACH_YES, REACH_NO };
enum reach endpoint_reach(const struct endpoint *endpoint, const char **ret_why); /* through the data plane */
bool awaits_answer(const struct endpoint *endpoint);                              /* of the data plane */
struct standing route_standing(const struct endpoint *endpoint);                  /* what Gateways make of it */
const char *endpoint_url(const struct endpoint *endpoint);                        /* NULL: nowhere yet */

/* -- what is made -- */

bool is_wanted(const struct endpoint *endpoint, const struct revision *revision); /* its pods may be made */
void want_deployments(const struct endpoint *endpoint, struct plan *out);
json_t *deployment_body(const struct observed *in, const struct identity *identity);
bool is_named(const struct endpoint *endpoint,
              const char *revision); /* the Service of the endpoint's name selects it */
void want_services(const struct endpoint *endpoint, struct plan *out);
void want_autoscalers(const struct endpoint *endpoint, struct plan *out);

/* -- trouble.c: why pods of a revision are not there -- */

struct trouble {
    const char *reason; /* CamelCase */
    const char *text;   /* with what to do */
};
bool find_trouble(const struct endpoint *endpoint, const struct revision *revision, struct trouble *ret);

bool find_obstacle(const struct endpoint *endpoint, struct trouble *ret); /* to what is not the candidate's */

/* -- ready.c -- */

/* What was said of it last, with reason and message "" where nothing was; what nobody can tell now stays as it was. */
const struct servingendpoint_status_conditions *said_before(const struct endpoint *endpoint, const char *type);

struct standing ready_standing(const struct endpoint *endpoint); /* there is a stable one: does it answer? */

/* -- preview.c -- */

const char *preview_endpoint(const struct observed *in);

/* -- status.c -- */

void accept_endpoint(const struct endpoint *endpoint, struct plan *out);
void say_endpoint(const struct endpoint *endpoint, struct plan *out);
json_t *startup_status(const struct startup *startup);
