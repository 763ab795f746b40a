#pragma once
/*
 * Kubernetes Events (events.k8s.io/v1), for people. Keyed by (object, type, reason, action), the note left out; what
 * repeats patches the series of the first at most every few minutes. Sent and forgotten: nothing waits for an Event,
 * and under load they are dropped first.
 */

#include <stddef.h>

#include "../base/map.h"
#include "../model/plan.h"

struct engine;

/* A plan's event, kept until the pass has done what it tells of. Owns its strings. */
struct noted_event {
    bool warning;
    enum kind kind;
    char *namespace, *name, *uid;
    char *reason, *action, *note;
};

/* What was said before, and how often. */
struct recorder {
    struct map said;
    unsigned under_way;
};

void recorder_init(struct recorder *recorder);
void recorder_finish(struct recorder *recorder);

/* Copies the events of a plan; NULL when there are none. */
struct noted_event *recorder_note(const struct plan *plan, const struct object *regarding, size_t *ret_count);
void recorder_free_notes(struct noted_event *notes, size_t count);

/* The object is gone: nothing is said of it again. */
void recorder_forget(struct recorder *recorder, const char *uid);

void recorder_emit(struct engine *engine, const struct noted_event *notes, size_t count);
