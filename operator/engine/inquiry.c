#include "inquiry.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/text.h"

static void append(struct inquiries *list, struct inquiry *inquiry)
{
    inquiry->next = NULL;
    inquiry->previous = list->last;
    if (list->last)
        list->last->next = inquiry;
    else
        list->first = inquiry;
    list->last = inquiry;
    list->count++;
}

static void unlink_inquiry(struct inquiry *inquiry)
{
    struct inquiries *list = inquiry->list;

    if (inquiry->previous)
        inquiry->previous->next = inquiry->next;
    else
        list->first = inquiry->next;
    if (inquiry->next)
        inquiry->next->previous = inquiry->previous;
    else
        list->last = inquiry->previous;
    list->count--;
}

struct inquiry *inquiry_create(struct inquiries *list, struct key *key)
{
    struct inquiry *inquiry = xcalloc(1, sizeof(*inquiry));

    inquiry->list = list;
    inquiry->key = key;
    append(list, inquiry);
    return inquiry;
}

static void free_answer(struct answer *answer)
{
    free((char *)answer->error);
    free((char *)answer->value);
    free((char *)answer->text.data);
    *answer = (struct answer){ 0 };
}

static void asked_finish(struct asked *asked)
{
    free((char *)asked->ask.key);
    free((char *)asked->ask.url);
    free((char *)asked->ask.host);
    free((char *)asked->ask.query);
    free((char *)asked->ask.path);
    free_answer(&asked->answer);
}

static void free_items(struct asked *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        asked_finish(&items[i]);
    free(items);
}

void inquiry_destroy(struct inquiry *inquiry)
{
    if (!inquiry)
        return;
    unlink_inquiry(inquiry);
    free_items(inquiry->items, inquiry->count);
    free(inquiry);
}

void inquiry_take_turn(struct inquiry *inquiry)
{
    unlink_inquiry(inquiry);
    append(inquiry->list, inquiry);
}

/* -- the questions of a plan --------------------------------------------------------------------------------------- */

/* All but how often. */
static bool is_same(const struct ask *a, const struct ask *b)
{
    return a->type == b->type && text_same(a->key, b->key) && text_same(a->url, b->url) &&
           text_same(a->host, b->host) && a->count == b->count && text_same(a->query, b->query) &&
           text_same(a->path, b->path) && a->timeout_ms == b->timeout_ms;
}

static int within(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static struct ask bounded(const struct ask *from)
{
    struct ask ask = *from;

    ask.count = within(ask.count, 1, INQUIRY_MAX_REQUESTS);
    ask.every_s = within(ask.every_s, 1, 24 * 3600);
    ask.timeout_ms = within(ask.timeout_ms, 1, INQUIRY_MAX_TIMEOUT_MS);
    return ask;
}

static void begin(struct asked *asked, const struct ask *ask, int64_t now)
{
    *asked = (struct asked){ .ask = *ask, .due_at = now };
    asked->ask.key = text_copy(ask->key);
    asked->ask.url = text_copy(ask->url);
    asked->ask.host = text_copy(ask->host);
    asked->ask.query = text_copy(ask->query);
    asked->ask.path = text_copy(ask->path);
}

/* Moves the question over when it was asked before; what is left behind is empty. */
static bool go_on(struct inquiry *inquiry, struct asked *asked, const struct ask *ask)
{
    for (size_t i = 0; i < inquiry->count; i++) {
        struct asked *before = &inquiry->items[i];

        if (!before->ask.key || !is_same(&before->ask, ask))
            continue;
        *asked = *before;
        *before = (struct asked){ 0 };
        if (asked->asked_at) /* else it is due at once */
            asked->due_at += (int64_t)(ask->every_s - asked->ask.every_s) * 1000;
        asked->ask.every_s = ask->every_s;
        return true;
    }
    return false;
}

static bool has_key(const struct asked *items, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].ask.key, key) == 0)
            return true;
    return false;
}

void inquiry_replace(struct inquiry *inquiry, const struct plan *plan, int64_t now)
{
    struct asked *items = xcalloc(INQUIRY_MAX, sizeof(*items));
    size_t count = 0;

    for (size_t i = 0; i < plan->ask_count && count < INQUIRY_MAX; i++) {
        struct ask ask = bounded(&plan->asks[i]);

        if (has_key(items, count, ask.key))
            continue;
        if (!go_on(inquiry, &items[count], &ask))
            begin(&items[count], &ask, now);
        count++;
    }
    free_items(inquiry->items, inquiry->count);
    inquiry->items = items;
    inquiry->count = count;
}

/* -- their turns --------------------------------------------------------------------------------------------------- */

static size_t in_flight(const struct inquiry *inquiry)
{
    size_t count = 0;

    for (size_t i = 0; i < inquiry->count; i++)
        count += inquiry->items[i].flight != 0;
    return count;
}

struct asked *inquiry_due(struct inquiry *inquiry, int64_t now, int64_t *next)
{
    struct asked *first = NULL;

    if (in_flight(inquiry) >= INQUIRY_MAX_IN_FLIGHT)
        return NULL; /* the next answer makes room */
    for (size_t i = 0; i < inquiry->count; i++) {
        struct asked *asked = &inquiry->items[i];

        if (!asked->flight && (!first || asked->due_at < first->due_at))
            first = asked;
    }
    if (first && first->due_at <= now)
        return first;
    if (first && first->due_at < *next)
        *next = first->due_at;
    return NULL;
}

struct asked *inquiry_find(struct inquiry *inquiry, uint64_t flight)
{
    for (size_t i = 0; i < inquiry->count; i++)
        if (inquiry->items[i].flight == flight)
            return &inquiry->items[i];
    return NULL;
}

void asked_settle(struct asked *asked, const struct answer *answer)
{
    bool is_miss = answer->error || (asked->ask.type == ASK_PROBE && !answer->good);
    int misses = is_miss ? asked->answer.misses + 1 : 0;

    free_answer(&asked->answer);
    asked->answer = *answer;
    asked->answer.key = asked->ask.key;
    asked->answer.at = asked->asked_at;
    asked->answer.misses = misses;
    asked->answer.error = text_copy(answer->error);
    asked->answer.value = text_copy(answer->value);
    if (answer->text.data)
        asked->answer.text.data = xstrndup(answer->text.data, answer->text.length);
    asked->flight = 0;
    asked->is_answered = true;
}
