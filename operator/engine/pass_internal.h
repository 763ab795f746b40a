#pragma once
/* What the files of a pass share: pass.c (decides and renders), execute.c (carries out). */

#include "answers.h"
#include "pass.h"
#include "state.h"

enum action_type {
    ACTION_READ,
    ACTION_DROP,
    ACTION_RELEASE,
    ACTION_GUARD,
    ACTION_PREPARE,
    ACTION_CREATE,
    ACTION_APPLY,
    ACTION_SCALE
};

/* Children made from one template: after a refusal no sibling is tried, and before a success only one is. */
struct group {
    const char *role; /* owned by its first action */
    enum kind kind;
    unsigned allowed; /* how many may have been sent by now */
    unsigned sent;
    bool closed;
};

struct action {
    enum action_type type;
    enum kind kind;
    char *name, *role, *uid;
    int attempt;
    struct http_request *request; /* NULL once sent */
    struct group *group;          /* what is prepared, created, applied and scaled */
    struct pass *pass;
};

enum stage { STAGE_STATUS, STAGE_DROPS, STAGE_DROPPING, STAGE_PREPARES, STAGE_WRITES, STAGE_EVENTS };

struct pass {
    struct engine *engine;
    struct key *key;
    char *uid; /* of self */
    int64_t generation, deleted_at;
    uint64_t version; /* of self when the status was rendered */
    enum stage stage;
    struct http_request *status; /* NULL: nothing to say, or sent */
    struct action *actions;
    size_t action_count, action_capacity;
    struct group *groups;
    size_t group_count;
    size_t unprepared; /* what the writes still wait for */
    struct noted_event *events;
    size_t event_count;
    unsigned outstanding; /* requests without an answer */
    bool failed;          /* back off before the next pass */
    bool more;            /* there is more to do than one pass may */
    unsigned retry_after_ms;
    int64_t started_at;
    char *question; /* confirm.c: what is being read */
};

struct action *pass_add_action(struct pass *pass, enum action_type type, enum kind kind, const char *name);

/* Carries the pass on as far as it goes now; may free it. */
void pass_advance(struct pass *pass);
void pass_end(struct pass *pass);

/* The key is planned again only when that kind's watch has come so far. */
void pass_need(struct pass *pass, enum kind kind, uint64_t version);

/* Forgets what the key remembers of a refused child's template; role "" for a child outside any. */
void refusal_clear(struct key *key, enum kind kind, const char *role);
struct refusal *refusal_find(const struct key *key, enum kind kind, const char *role);
void refusal_record(struct pass *pass,
                    const struct action *action,
                    enum failure_type type,
                    const char *message,
                    unsigned retry_after_ms);
