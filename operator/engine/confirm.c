#include "confirm.h"

#include <string.h>

#include "../base/memory.h"
#include "pass_internal.h"
#include "paths.h"
#include "strays.h"
#include "writes.h"

/* "pods/train-worker-1 trainingjobs/ ": to know the question again. */
static char *question_of(const struct plan *plan)
{
    struct strbuf text = { 0 };

    for (size_t i = 0; i < plan->confirm_count; i++)
        strbuf_addf(&text,
                    "%s/%s ",
                    kind_info(plan->confirms[i].kind)->plural,
                    plan->confirms[i].name ? plan->confirms[i].name : "");
    return strbuf_detach(&text);
}

bool confirm_is_done(const struct key *key, const struct plan *plan)
{
    auto_free char *question = question_of(plan);

    return key->confirmed && strcmp(key->confirmed, question) == 0;
}

void confirm_forget(struct key *key)
{
    free(take(key->confirmed));
}

/* Nothing more is read: the key waits until its watches show what was answered (pass.c, may_plan). */
static void finish(struct pass *pass)
{
    struct engine *engine = pass->engine;
    struct key *key = pass->key;

    if (pass->outstanding)
        return;
    if (pass->failed) { /* back off until the watch has caught up */
        pass_end(pass);
        return;
    }
    confirm_forget(key);
    key->confirmed = take(pass->question);
    key->pass = NULL;
    pass_destroy(pass);
    pass_start(engine, key);
}

/* A child that is there after all, and ours, must come into view before anything is decided; another's is no child. */
static void found_child(struct pass *pass, const struct object *live)
{
    if (strcmp(live->owner_uid, pass->uid) != 0)
        return;
    pass_need(pass, live->kind, live->version);
    pass->failed = true;
    if (!live->managed)
        strays_relabel(pass->engine, live); /* else it would never come into view */
}

static void found(struct pass *pass, enum kind kind, struct slice body)
{
    struct object *live;
    struct error err;

    if (object_decode(kind, body, &live, &err) < 0) {
        pass->failed = true; /* not understood: nothing is concluded from it */
        return;
    }
    if (kind_info(kind)->child)
        found_child(pass, live);
    else
        pass_need(pass, kind, live->version);
    object_destroy(live);
}

static void object_answered(struct engine *engine, void *context, const struct http_response *response)
{
    const struct action *action = context;
    struct pass *pass = action->pass;
    enum answer_class class = answer_classify(response);

    pass->outstanding--;
    if (class == ANSWER_OK)
        found(pass, action->kind, response->body);
    else if (class != ANSWER_NOT_FOUND || store_get(&engine->store, action->kind, pass->key->namespace, action->name))
        pass->failed = true; /* no answer; or it went, and the watch is about to tell */
    finish(pass);
}

/* The version of the list is that of the moment: a watch that has come as far has shown all that was there. */
static void list_answered(struct engine *engine, void *context, const struct http_response *response)
{
    const struct action *action = context;
    struct pass *pass = action->pass;
    enum answer_class class = answer_classify(response);

    (void)engine;
    pass->outstanding--;
    if (class == ANSWER_OK)
        pass_need(pass, action->kind, answer_version(response->body));
    else if (class != ANSWER_NOT_FOUND) /* a kind that the server does not have: there is none */
        pass->failed = true;
    finish(pass);
}

void confirm_live(struct engine *engine, struct key *key, const struct object *self, const struct plan *plan)
{
    struct pass *pass = xcalloc(1, sizeof(*pass));

    *pass = (struct pass){ .engine = engine,
                           .key = key,
                           .uid = xstrdup(self->uid),
                           .question = question_of(plan),
                           .started_at = engine->now };
    key->pass = pass;
    for (size_t i = 0; i < plan->confirm_count; i++)
        pass_add_action(
            pass, ACTION_READ, plan->confirms[i].kind, plan->confirms[i].name ? plan->confirms[i].name : "");
    for (size_t i = 0; i < pass->action_count; i++) {
        struct action *action = &pass->actions[i];

        pass->outstanding++;
        if (*action->name)
            engine_send(
                engine, read_object(engine, action->kind, self->namespace, action->name), object_answered, action);
        else
            engine_send(engine, read_version(engine, action->kind, self->namespace), list_answered, action);
    }
}
