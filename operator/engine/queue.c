#include "queue.h"

#include <string.h>

#include "../base/memory.h"
#include "inquiry.h"

struct wanted {
    enum kind kind;
    const char *namespace, *name;
};

static bool same_key(const void *value, const void *wanted)
{
    const struct key *key = value;
    const struct wanted *other = wanted;

    return key->kind == other->kind && strcmp(key->name, other->name) == 0 &&
           strcmp(key->namespace, other->namespace) == 0;
}

static uint64_t hash_key(const char *namespace, const char *name)
{
    return map_hash(map_hash(0, namespace), name);
}

void queue_init(struct queue *queue)
{
    *queue = (struct queue){ 0 };
    map_init(&queue->keys, same_key);
}

void refusal_destroy(struct refusal *refusal)
{
    free(refusal->owner_uid);
    free((char *)refusal->failure.name);
    free((char *)refusal->failure.role);
    free((char *)refusal->failure.message);
    free(refusal);
}

static void free_refusals(struct refusal *refusal)
{
    for (struct refusal *next; refusal; refusal = next) {
        next = refusal->next;
        refusal_destroy(refusal);
    }
}

static void free_key(struct key *key)
{
    inquiry_destroy(key->inquiry);
    free_refusals(key->refusals);
    for (size_t i = 0; i < key->leaving_count; i++)
        free(key->leaving[i]);
    free(key->leaving);
    free(key->confirmed);
    free(key->namespace);
    free(key->name);
    free(key);
}

void queue_finish(struct queue *queue)
{
    struct key *key;

    for (size_t at = 0; (key = map_next(&queue->keys, &at));)
        free_key(key);
    map_finish(&queue->keys);
    free(queue->alarms);
}

struct key *queue_find(const struct queue *queue, enum kind kind, const char *namespace, const char *name)
{
    struct wanted wanted = { kind, namespace, name };

    return map_get(&queue->keys, hash_key(namespace, name), &wanted);
}

struct key *queue_key(struct queue *queue, enum kind kind, const char *namespace, const char *name)
{
    struct wanted wanted = { kind, namespace, name };
    struct key *key = queue_find(queue, kind, namespace, name);

    if (key)
        return key;
    key = xcalloc(1, sizeof(*key));
    key->kind = kind;
    key->namespace = xstrdup(namespace);
    key->name = xstrdup(name);
    key->alarm = INT64_MAX;
    map_put(&queue->keys, hash_key(namespace, name), &wanted, key);
    return key;
}

/* -- the heap of alarms: alarms[1] is the earliest, children of i are 2i and 2i+1 -- */

static void place(struct queue *queue, size_t at, struct key *key)
{
    queue->alarms[at] = key;
    key->alarm_place = at;
}

static void sift_up(struct queue *queue, size_t at)
{
    struct key *key = queue->alarms[at];

    for (; at > 1 && queue->alarms[at / 2]->alarm > key->alarm; at /= 2)
        place(queue, at, queue->alarms[at / 2]);
    place(queue, at, key);
}

static void sift_down(struct queue *queue, size_t at)
{
    struct key *key = queue->alarms[at];

    for (size_t child; (child = 2 * at) <= queue->alarm_count; at = child) {
        if (child < queue->alarm_count && queue->alarms[child + 1]->alarm < queue->alarms[child]->alarm)
            child++;
        if (queue->alarms[child]->alarm >= key->alarm)
            break;
        place(queue, at, queue->alarms[child]);
    }
    place(queue, at, key);
}

static void clear_alarm(struct queue *queue, struct key *key)
{
    size_t at = key->alarm_place;
    struct key *last;

    key->alarm = INT64_MAX;
    key->alarm_place = 0;
    if (!at)
        return;
    last = queue->alarms[queue->alarm_count--];
    if (last == key)
        return;
    place(queue, at, last);
    sift_up(queue, at);
    sift_down(queue, last->alarm_place);
}

void queue_add_at(struct queue *queue, struct key *key, int64_t when)
{
    if (when >= key->alarm)
        return;
    key->alarm = when;
    if (!key->alarm_place) {
        if (queue->alarm_count + 1 >= queue->alarm_capacity) {
            queue->alarm_capacity = queue->alarm_capacity ? 2 * queue->alarm_capacity : 64;
            queue->alarms = xrealloc(queue->alarms, queue->alarm_capacity * sizeof(*queue->alarms));
        }
        place(queue, ++queue->alarm_count, key);
    }
    sift_up(queue, key->alarm_place);
}

int64_t queue_next_alarm(const struct queue *queue)
{
    return queue->alarm_count ? queue->alarms[1]->alarm : INT64_MAX;
}

void queue_ring(struct queue *queue, int64_t now)
{
    while (queue->alarm_count && queue->alarms[1]->alarm <= now) {
        struct key *key = queue->alarms[1];

        clear_alarm(queue, key);
        queue_add(queue, key, now);
    }
}

static void append(struct queue *queue, struct key *key)
{
    key->next = NULL;
    key->queued = true;
    if (queue->last)
        queue->last->next = key;
    else
        queue->first = key;
    queue->last = key;
    queue->depth++;
}

static struct key *shift(struct queue *queue)
{
    struct key *key = queue->first;

    queue->first = key->next;
    if (!queue->first)
        queue->last = NULL;
    key->queued = false;
    queue->depth--;
    return key;
}

void queue_add(struct queue *queue, struct key *key, int64_t now)
{
    if (!key->dirty) {
        key->dirty = true;
        key->dirty_since = now;
        queue->adds++;
    }
    if (!key->queued && !key->pass)
        append(queue, key);
}

struct key *queue_take(struct queue *queue, int64_t now)
{
    while (queue->first) {
        struct key *key = shift(queue);

        if (!key->dirty || key->pass)
            continue; /* its pass's end queues it again */
        key->dirty = false;
        if (key->not_before <= now)
            return key;
        queue_add_at(queue, key, key->not_before);
    }
    return NULL;
}

void queue_forget(struct queue *queue, struct key *key)
{
    struct wanted wanted = { key->kind, key->namespace, key->name };

    if (key->queued) {
        struct key **link = &queue->first, *before = NULL;

        for (; *link != key; link = &(*link)->next)
            before = *link;
        *link = key->next;
        if (queue->last == key)
            queue->last = before;
        queue->depth--;
    }
    clear_alarm(queue, key);
    map_remove(&queue->keys, hash_key(key->namespace, key->name), &wanted);
    free_key(key);
}
