#include "agenda.h"

#include <stdbool.h>

#include "../../operator/base/memory.h"

static bool is_before(const struct agenda_entry *a, const struct agenda_entry *b)
{
    return a->when != b->when ? a->when < b->when : a->order < b->order;
}

static void swap(struct agenda_entry *a, struct agenda_entry *b)
{
    struct agenda_entry kept = *a;

    *a = *b;
    *b = kept;
}

void agenda_finish(struct agenda *agenda)
{
    free(agenda->heap);
    *agenda = (struct agenda){ 0 };
}

void agenda_add(struct agenda *agenda, int64_t when, agenda_action *action, void *context)
{
    size_t at = agenda->count;

    grow(agenda->heap, agenda->count, agenda->capacity);
    agenda->heap[agenda->count++] = (struct agenda_entry){ when, agenda->added++, action, context };
    for (; at && is_before(&agenda->heap[at], &agenda->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&agenda->heap[at], &agenda->heap[(at - 1) / 2]);
}

int64_t agenda_next(const struct agenda *agenda)
{
    return agenda->count ? agenda->heap[0].when : INT64_MAX;
}

struct agenda_entry agenda_take(struct agenda *agenda)
{
    struct agenda_entry first = agenda->heap[0];

    agenda->heap[0] = agenda->heap[--agenda->count];
    for (size_t at = 0, child; (child = 2 * at + 1) < agenda->count; at = child) {
        if (child + 1 < agenda->count && is_before(&agenda->heap[child + 1], &agenda->heap[child]))
            child++;
        if (is_before(&agenda->heap[at], &agenda->heap[child]))
            break;
        swap(&agenda->heap[at], &agenda->heap[child]);
    }
    return first;
}
