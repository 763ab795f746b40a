#pragma once
/*
 * What is going to happen, by virtual time; things due at the same time happen in the order in which they were added.
 * Nothing is ever taken off: an action looks whether it still means something.
 */

#include <stddef.h>
#include <stdint.h>

struct world;

typedef void agenda_action(struct world *world, void *context);

struct agenda_entry {
    int64_t when; /* virtual ms */
    uint64_t order;
    agenda_action *action;
    void *context;
};

struct agenda {
    struct agenda_entry *heap; /* heap[0] is the earliest */
    size_t count, capacity;
    uint64_t added;
};

void agenda_finish(struct agenda *agenda);
void agenda_add(struct agenda *agenda, int64_t when, agenda_action *action, void *context);
int64_t agenda_next(const struct agenda *agenda);       /* when the earliest is due; INT64_MAX: nothing is left */
struct agenda_entry agenda_take(struct agenda *agenda); /* the earliest; there must be one */
