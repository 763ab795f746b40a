#pragma once
/*
 * What must hold, whatever happens. Each invariant is a named function with a one-line statement; they look at every
 * request as it lands, at every change, and at the end. tests/simulation/mutants holds, for each, a change of the
 * product that it catches.
 */

#include "../../operator/http/request.h"
#include "server.h"
#include "target.h"

struct invariant {
    const char *name, *statement;
};
extern const struct invariant invariants[]; /* name NULL at the end */

void invariants_on_send(struct world *world, struct process *process, const struct http_request *request);
void invariants_on_step(struct world *world, struct process *process);
void invariants_not_understood(struct world *world, const struct http_request *request, const char *problem);
void invariants_watch_not_understood(struct world *world, const char *path, const char *problem);
void invariants_on_request(struct world *world,
                           const struct http_request *request,
                           const struct target *target,
                           const json_t *body);
void invariants_on_answer(struct world *world, const struct http_request *request, int status);
void invariants_on_change(struct world *world, const struct change *change);
void invariants_at_end(struct world *world);

/* -- the parts: what is written, what the status says, how it all ends -- */

void writing_on_change(struct world *world, const struct change *change);
void status_on_change(struct world *world, const struct change *change);
void ending_check(struct world *world);

#define BROKEN(world, ...) world_broken((world), __func__, __VA_ARGS__)
