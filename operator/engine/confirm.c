#include "confirm.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/scan.h"
#include "pass_internal.h"
#include "strays.h"
#include "writes.h"

/* Compares one live child with the store; counts it when it is ours. False: the store is behind. */
static bool store_knows(struct engine *engine, struct pass *pass, struct slice text, size_t *count)
{
    const struct object *known;
    struct object *live;
    struct error err;
    bool same;

    if (object_decode(KIND_POD, text, &live, &err) < 0)
        return true;
    known = store_get(&engine->store, live->kind, live->namespace, live->name);
    same = strcmp(live->owner_uid, pass->uid) != 0 ||
           (known && strcmp(known->uid, live->uid) == 0 && known->version >= live->version);
    *count += strcmp(live->owner_uid, pass->uid) == 0;
    if (strcmp(live->owner_uid, pass->uid) == 0 && !live->managed)
        strays_relabel(engine, live); /* else it would never come into view */
    object_destroy(live);
    return same;
}

static size_t stored_pods(const struct engine *engine, const char *uid)
{
    const struct family *family = store_family(&engine->store, uid);
    size_t count = 0;

    for (size_t i = 0; family && i < family->count; i++)
        count += family->items[i]->kind == KIND_POD;
    return count;
}

/* True when the live list and the store hold the same pods of ours. */
static bool agrees(struct engine *engine, struct pass *pass, struct slice body)
{
    bool same = true;
    size_t count = 0;
    struct scan scan;
    struct slice key;

    scan_init(&scan, body);
    scan_open(&scan, SCAN_OBJECT);
    while (scan_key(&scan, &key)) {
        if (!slice_is(key, "items") || scan_peek(&scan) != SCAN_ARRAY) {
            scan_skip(&scan);
            continue;
        }
        scan_open(&scan, SCAN_ARRAY);
        while (scan_item(&scan))
            same &= store_knows(engine, pass, scan_raw(&scan), &count);
    }
    return !scan_failed(&scan) && same && count == stored_pods(engine, pass->uid);
}

static void answered(struct engine *engine, void *context, const struct http_response *response)
{
    struct pass *pass = context;
    struct key *key = pass->key;
    const struct object *self = store_get(&engine->store, key->kind, key->namespace, key->name);
    bool good =
        response->status == 200 && self && strcmp(self->uid, pass->uid) == 0 && agrees(engine, pass, response->body);

    pass->outstanding--;
    if (!good) {
        pass->failed = true; /* back off until the watch has caught up */
        pass_end(pass);
        return;
    }
    key->pass = NULL;
    pass_destroy(pass);
    pass_confirmed(engine, key, self);
}

void confirm_children(struct engine *engine, struct key *key, const struct object *self)
{
    struct pass *pass = xcalloc(1, sizeof(*pass));

    *pass = (struct pass){
        .engine = engine, .key = key, .uid = xstrdup(self->uid), .outstanding = 1, .started_at = engine->now
    };
    key->pass = pass;
    engine_send(engine, read_children(engine, KIND_POD, self), answered, pass);
}
