#include "strays.h"

#include <string.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "answers.h"
#include "log.h"
#include "writes.h"

enum { RETRY_MS = 5000 };

/* A look under way. */
struct stray {
    struct stray *next, **link; /* link: what points to this one */
    enum kind kind;             /* of the object that is looked at */
    char *uid;                  /* of the owner, or of the child looked for */
    char *owner_uid;
};

static struct stray *stray_create(struct engine *engine, enum kind kind, const char *uid, const char *owner_uid)
{
    struct stray *stray = xcalloc(1, sizeof(*stray));

    *stray = (struct stray){ engine->strays, &engine->strays, kind, xstrdup(uid), xstrdup(owner_uid) };
    if (stray->next)
        stray->next->link = &stray->next;
    engine->strays = stray;
    return stray;
}

static void stray_destroy(struct stray *stray)
{
    *stray->link = stray->next;
    if (stray->next)
        stray->next->link = stray->link;
    free(stray->uid);
    free(stray->owner_uid);
    free(stray);
}

void strays_finish(struct engine *engine)
{
    while (engine->strays)
        stray_destroy(engine->strays);
}

static void look_later(struct engine *engine, struct family *family)
{
    family->look_again_at = engine->now + RETRY_MS;
    if (family->look_again_at < engine->strays_at)
        engine->strays_at = family->look_again_at;
}

static void released(struct engine *engine, void *context, const struct http_response *response)
{
    struct stray *stray = context;
    struct family *family = store_family(&engine->store, CHILDREN, stray->owner_uid);
    enum answer_class class = answer_classify(response);

    /* Anything else, a conflict too: the server says it also of a version that is right, when too many write at once.
     */
    if (family && class != ANSWER_OK && class != ANSWER_NOT_FOUND)
        look_later(engine, family);
    stray_destroy(stray);
}

static void release_family(struct engine *engine, struct family *family)
{
    for (size_t i = 0; i < family->count; i++)
        if (family->items[i]->recorded_finalizer)
            engine_send(engine,
                        write_release(engine, family->items[i]),
                        released,
                        stray_create(engine, family->items[i]->kind, family->items[i]->uid, family->of));
}

/* Is the object in the answer the one with that uid, and not on its way out? */
static bool is_alive(struct slice body, enum kind kind, const char *uid)
{
    struct object *object;
    struct error err;
    bool alive;

    if (object_decode(kind, body, &object, &err) < 0)
        return true; /* not understood: leave things as they are */
    alive = strcmp(object->uid, uid) == 0 && !object->deleted_at;
    object_destroy(object);
    return alive;
}

static void owner_answered(struct engine *engine, void *context, const struct http_response *response)
{
    struct stray *stray = context;
    struct family *family = store_family(&engine->store, CHILDREN, stray->uid);
    enum answer_class class = answer_classify(response);
    bool gone = class == ANSWER_NOT_FOUND || (class == ANSWER_OK && !is_alive(response->body, stray->kind, stray->uid));

    if (family) {
        family->owner_checked = false;
        if (gone && engine_may_write(engine))
            release_family(engine, family);
        else if (class != ANSWER_OK)
            look_later(engine, family);
    }
    stray_destroy(stray);
}

static bool holds_records(const struct family *family)
{
    for (size_t i = 0; i < family->count; i++)
        if (family->items[i]->recorded_finalizer)
            return true;
    return false;
}

void strays_check_owner(struct engine *engine, const struct object *child)
{
    struct family *family = store_family(&engine->store, CHILDREN, child->owner_uid);

    if (!family || family->owner_checked || !holds_records(family))
        return;
    if (!engine_may_write(engine) || !engine_reflector(engine, child->owner_kind, child->namespace)->synced) {
        look_later(engine, family);
        return;
    }
    family->owner_checked = true;
    family->look_again_at = INT64_MAX;
    engine_send(engine,
                read_object(engine, child->owner_kind, child->namespace, child->owner_name),
                owner_answered,
                stray_create(engine, child->owner_kind, child->owner_uid, child->owner_uid));
}

static void orphan_released(struct engine *engine, void *context, const struct http_response *response)
{
    enum answer_class class = answer_classify(response);

    (void)context;
    if (class != ANSWER_OK && class != ANSWER_NOT_FOUND)
        engine->strays_at = engine->now + RETRY_MS;
}

bool strays_is_orphan(const struct object *child)
{
    return child->owner_kind == KIND_COUNT && child->recorded_finalizer && child->managed;
}

/* Somebody took the owner away (`kubectl delete --cascade=orphan`): the pod is theirs now, without our finalizer. */
static void release_orphans(struct engine *engine)
{
    const struct object *pod;

    for (size_t at = 0; engine_may_write(engine) && (pod = map_next(&engine->store.by_name[KIND_POD], &at));)
        if (strays_is_orphan(pod))
            engine_send(engine, write_release(engine, pod), orphan_released, NULL);
}

int64_t strays_tick(struct engine *engine)
{
    struct family *family;

    if (engine->now < engine->strays_at)
        return engine->strays_at;
    engine->strays_at = INT64_MAX;
    release_orphans(engine);
    for (size_t at = 0; (family = map_next(&engine->store.families[CHILDREN], &at));)
        if (!store_get_owner(&engine->store, family->of))
            strays_check_owner(engine, family->items[0]);
    return engine->strays_at;
}

static void relabelled(struct engine *engine, void *context, const struct http_response *response)
{
    (void)engine;
    (void)context;
    (void)response; /* whatever the answer: its owner's next pass sees what is there */
}

void strays_relabel(struct engine *engine, const struct object *child)
{
    log_warn("a child lost our label; putting it back",
             KV_STR("kind", kind_info(child->kind)->name),
             KV_STR("namespace", child->namespace),
             KV_STR("name", child->name));
    if (engine_may_write(engine))
        engine_send(engine, write_relabel(engine, child), relabelled, NULL);
}

static void child_answered(struct engine *engine, void *context, const struct http_response *response)
{
    struct stray *stray = context;
    struct object *child;
    struct error err;

    if (response->status == 200 && object_decode(stray->kind, response->body, &child, &err) == 0) {
        if (strcmp(child->uid, stray->uid) == 0 && strcmp(child->owner_uid, stray->owner_uid) == 0 && !child->managed)
            strays_relabel(engine, child);
        object_destroy(child);
    }
    stray_destroy(stray);
}

void strays_look_for(struct engine *engine, const struct object *child)
{
    if (child->owner_kind == KIND_COUNT)
        return;
    engine_send(engine,
                read_object(engine, child->kind, child->namespace, child->name),
                child_answered,
                stray_create(engine, child->kind, child->uid, child->owner_uid));
}
