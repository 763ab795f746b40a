#pragma once
/*
 * One pass in memory: objects in, what the engine would send out. Store, observe, plan and render are the engine's own,
 * nothing else is. Pure: `kitae plan` and the golden tests are made of it.
 */

#include <jansson.h>

#include "../model/observed.h"

struct dry_run_input {
    const json_t *objects; /* an array, as the server sends them: first the custom resource, then its children */
    const struct failure *failures;
    size_t failure_count;
    bool confirmed;
    const struct report *reports;
    size_t report_count;
    const struct reporting *reporting; /* NULL: nobody asked for reports */
    const struct answer *answers;
    size_t answer_count;
    bool has_prometheus;
    bool is_outside;                                /* addresses of the cluster cannot be reached */
    bool absent[KIND_COUNT], forbidden[KIND_COUNT]; /* as in observed */
    const char *agent_image;                        /* NULL: DEFAULT_AGENT_IMAGE */
    int64_t now;                                    /* seconds since 1970 */
};

struct dry_run {
    /*
     * {confirms, guard, status, events, drops, releases, creates, applies, scales, asks, lookAgainAt}; what there is
     * none of is left out. Objects are named like "pod/train-worker-0"; `scales` has such names, and replicas. With
     * `confirms` there is nothing else: the pass would first read those objects live, and be planned again with
     * `confirmed`.
     */
    json_t *summary;
    char *preview;  /* lines for people: what would come after; NULL: nothing */
    json_t *bodies; /* an array: the objects of `creates` and `applies`, whole, in the order of the plan */
};

/*
 * ERROR_INVALID when an object is not one that a server could have sent, or the first is of no kind that has a
 * controller. A custom resource whose spec does not decode is answered by a status, as in the engine.
 *
 * What only time can tell is not here: back-off, the first pod going ahead of its siblings, 64 writes a pass.
 */
int dry_run(const struct dry_run_input *in, struct dry_run *ret, struct error *err) must_check;
void dry_run_finish(struct dry_run *run);

#define auto_dry_run __attribute__((cleanup(dry_run_finish)))
