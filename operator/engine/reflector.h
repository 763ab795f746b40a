#pragma once
/*
 * Keeps the store equal to the server for one kind in one namespace (or all): list, then watch from there, for ever.
 *
 *     WAIT_LIST -> LISTING -> WAIT_WATCH -> OPENING -> WATCHING -> WAIT_WATCH -> ...
 *
 * Every end of a watch is tried again from the last version first; what says "expired" (410), or two short empty
 * watches in a row, lists again. Refused upgrades lead to chunked HTTP, and back after a while.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../http/request.h"
#include "../kube/watch.h"
#include "../model/object.h"

struct engine;

enum reflector_state {
    REFLECTOR_WAIT_LIST,
    REFLECTOR_LISTING,
    REFLECTOR_WAIT_WATCH,
    REFLECTOR_OPENING,
    REFLECTOR_WATCHING
};

struct reflector {
    struct engine *engine;
    unsigned slot;
    enum kind kind;
    const char *namespace; /* NULL: all */
    const char *selector;  /* NULL: none */
    enum reflector_state state;
    enum watch_transport transport;
    uint64_t listed_from;  /* `version` when the list under way began */
    uint64_t version;      /* everything up to here has been seen */
    uint64_t list_version; /* of the list under way: its pages tell of one moment, and count when all are there */
    bool synced;           /* has finished its first list */
    bool absent;           /* the server does not have the kind; or it is optional, and not for us to see */
    bool forbidden;        /* ... the latter: what was seen of it before stays */
    unsigned serial;
    int64_t wake_at; /* when a WAIT ends */
    int64_t opened_at, heard_at;
    unsigned messages; /* of the current watch, bookmarks included */
    unsigned short_watches, refused_upgrades, failures;
    int64_t websocket_again_at; /* after falling back */
    char *continue_token;
    uint32_t mark; /* of the list under way */
    size_t listed;
    char problem[160]; /* why it is not synced, for readyz */
    uint64_t lists, watches, events, bytes, restarts_gone, restarts_silent, restarts_closed, fallbacks;
};

void reflector_start(struct reflector *reflector);
void reflector_finish(struct reflector *reflector);

/* Does what is due now; returns when it wants to be called again. */
int64_t reflector_tick(struct reflector *reflector);

void reflector_signal(struct reflector *reflector, const struct watch_signal *signal);

/* -- between reflector.c and listing.c -- */

void reflector_list(struct reflector *reflector); /* starts a list; it ends in WAIT_WATCH or WAIT_LIST */
void reflector_list_again(struct reflector *reflector);

/* An optional kind is not there: it counts as empty, whatever was there before, and is looked for at a calm pace. */
void reflector_is_absent(struct reflector *reflector, int status, const char *why);

/* Nothing that was seen so far counts: a new leader must not decide from a watch that lags. */
void reflector_refresh(struct reflector *reflector);

/* Waits in `state` for the next step of the back-off, or for what the server asked, whichever is longer. */
void reflector_wait(struct reflector *reflector, enum reflector_state state, unsigned retry_after_ms);

void reflector_put(struct reflector *reflector, struct slice text);
void reflector_remove(struct reflector *reflector, const struct object *object);
