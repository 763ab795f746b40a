#include "confirm.h"

#include <string.h>

#include "../base/memory.h"
#include "pass_internal.h"
#include "strays.h"
#include "writes.h"

/* The object is there after all, and ours: it must come into view before anything is decided. True when it is so. */
static bool is_ours(struct engine *engine, struct pass *pass, struct slice body)
{
    struct object *live;
    struct error err;
    bool ours;

    if (object_decode(pass->confirm_kind, body, &live, &err) < 0)
        return true; /* not understood: nothing is concluded from it */
    ours = strcmp(live->owner_uid, pass->uid) == 0;
    if (ours && live->version > pass->key->needed[live->kind])
        pass->key->needed[live->kind] = live->version;
    if (ours && !live->managed)
        strays_relabel(engine, live); /* else it would never come into view */
    object_destroy(live);
    return ours;
}

static void answered(struct engine *engine, void *context, const struct http_response *response)
{
    struct pass *pass = context;
    struct key *key = pass->key;
    const struct object *self = store_get(&engine->store, key->kind, key->namespace, key->name);
    enum answer_class class = answer_classify(response);
    bool absent = class == ANSWER_NOT_FOUND || (class == ANSWER_OK && !is_ours(engine, pass, response->body));

    pass->outstanding--;
    if (!absent || !self || strcmp(self->uid, pass->uid) != 0) {
        pass->failed = true; /* back off until the watch has caught up */
        pass_end(pass);
        return;
    }
    key->pass = NULL;
    pass_destroy(pass);
    pass_confirmed(engine, key, self);
}

void confirm_absence(
    struct engine *engine, struct key *key, const struct object *self, enum kind kind, const char *name)
{
    struct pass *pass = xcalloc(1, sizeof(*pass));

    *pass = (struct pass){ .engine = engine,
                           .key = key,
                           .uid = xstrdup(self->uid),
                           .confirm_kind = kind,
                           .outstanding = 1,
                           .started_at = engine->now };
    key->pass = pass;
    engine_send(engine, read_object(engine, kind, self->namespace, name), answered, pass);
}
