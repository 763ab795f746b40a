#pragma once
/*
 * An object that keeps versions, a DataSet or a Model, in one pass: what is the case, and what this plan makes of it.
 * Versions come by runs of the agent (a sync, an import) and by others; they go by retention, which marks them first.
 */

#include "../../operator/model/plan.h"
#include "catalog.h"
#include "record.h"
#include "transfer.h"

/* Of spec.tags: a name of the user's for a version. */
struct tag {
    const char *name, *version;
};

/* spec.tags, for generated structs. */
#define TAGS(spec, in_arena)                                                                                           \
    ({                                                                                                                 \
        struct tag *tags_ = arena_alloc(in_arena, (spec)->tags_count * sizeof(*tags_));                                \
        for (size_t tag_ = 0; tag_ < (spec)->tags_count; tag_++)                                                       \
            tags_[tag_] = (struct tag){ (spec)->tags[tag_].name, (spec)->tags[tag_].version };                         \
        tags_;                                                                                                         \
    })

enum { MAX_PINS = 10 };

/* Somebody who has pinned versions and still needs them. */
struct user {
    const struct object *object;
    const char *digests[MAX_PINS];
    size_t digest_count;
};

/* What people read where kinds differ. */
struct versioned_words {
    const char *kind;       /* DataSet */
    const char *work;       /* Sync: what brings a version */
    const char *working;    /* Syncing */
    const char *done;       /* Synced */
    const char *idle;       /* a sentence: why there is no version yet, and none on its way */
    const enum kind *users; /* kinds that may pin a version, KIND_COUNT at the end */
};

struct versioned {
    const struct observed *in;
    struct arena *arena;
    const struct versioned_words *words;
    struct catalog catalog;
    const struct tag *tags;
    size_t tag_count;
    struct retention rules;
    struct user *users;
    int user_count;
    struct record work, removal;
    struct run run;           /* of work */
    struct transfer transfer; /* how far that is; as the status says, then as its pod does */
    struct run removal_run;   /* of removal */
    const char *found_by;     /* this plan adds a version that was not there: Sync, Publish; NULL: none */
    bool is_busy;             /* somebody else is adding to what retention removes from */
    bool is_full;             /* what a job has published cannot be added */

    /* Of the status that was observed: whether the work had ended already, and which removal it knows. */
    int64_t told_completion;
    int told_removal;
};

/* Reads the runs that status tells of; work and removal are filled by then. */
void versioned_observe(struct versioned *kept);

/* -- work ---------------------------------------------------------------------------------------------------------- */

/*
 * Whether it is to be begun (again): what decides what it finds has changed, somebody asked for it, or nobody heard
 * what it had found.
 */
bool work_is_due(const struct versioned *kept, const char *spec_hash, struct plan *out);

/* Takes down how it went, and what it found: `like` has what a version of this kind has beside that. */
void work_end(struct versioned *kept, const struct run *run, struct version like);

/* Drops the Jobs of a role whose number is below that. */
void drop_runs(const struct versioned *kept, const char *role, int before, struct plan *out);

/* -- users.c ------------------------------------------------------------------------------------------------------- */

/* The at-th digest, from 0, that the referrer has pinned of `in`'s object and still needs; NULL: no more. */
typedef const char *pinned_digest(const struct observed *in, const struct object *referrer, size_t at);

void confirm_unused(const struct versioned *kept, struct plan *out); /* nobody uses it: all who might are read live */
void find_users(struct versioned *kept, pinned_digest *pinned);      /* beside those found before */
bool version_is_used(const struct versioned *kept, const struct version *version); /* or has a tag */
const char *user_text(const struct versioned *kept, int i);                        /* "TrainingJob/ranking" */

/* -- removal.c: versions that no rule keeps and nobody uses ----------------------------------------------------------
 */

/*
 * Marks first, then proves, then removes. Whoever adds or pins says so first and looks at the marks then: so of two at
 * the same moment, one sees the other. in_place: there is more than the mark to remove, and a Job does it.
 */
void decide_removal(struct versioned *kept, bool in_place, struct plan *out);
void want_removal(const struct versioned *kept, late_body *body, struct plan *out);

/* -- deletion: whoever has pinned a version keeps the object, until it has ended or goes itself -----------------------
 */

bool deletion_waits(const struct versioned *kept); /* then its status says for whom */
void let_go(const struct versioned *kept, struct plan *out);

/* -- versioned_status.c -------------------------------------------------------------------------------------------- */

const char *version_text(const struct versioned *kept); /* "version v2 has 3 objects (1.5Ki)" */
void say_versioned_status(const struct versioned *kept, struct plan *out);
