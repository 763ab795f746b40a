#include "network.h"

#include <string.h>

#include "../../operator/base/memory.h"
#include "invariants.h"
#include "process.h"
#include "verbs.h"
#include "world.h"

struct call {
    struct call *next;
    struct process *process;
    unsigned run; /* of the process, when it sent this */
    char sender[32];
    struct http_request *request;
    enum fate fate;
    int64_t deadline; /* the sender waits no longer */
    struct answer answer;
    bool lost, maybe_done;
};

static void free_call(struct world *world, struct call *call)
{
    struct call **link = &world->calls;

    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    http_request_destroy(call->request);
    free(call->answer.body);
    free(call);
}

void network_finish(struct world *world)
{
    while (world->calls)
        free_call(world, world->calls);
}

/* -- the way back ------------------------------------------------------------------------------------------------- */

static void come_back(struct world *world, void *context)
{
    struct call *call = context;
    struct http_response response = { .id = call->request->id };

    if (process_is_frozen(world, call->process) && process_runs(call->process, call->run)) {
        agenda_add(&world->agenda,
                   process_wakes_at(call->process) + (int64_t)random_below(&world->random, 5),
                   come_back,
                   call);
        return;
    }
    if (!process_runs(call->process, call->run)) {
        free_call(world, call);
        return;
    }
    if (call->fate == FATE_CRASH) {
        process_crash(world, call->process, "as an answer came");
        free_call(world, call);
        return;
    }
    if (call->lost) {
        response.maybe_done = call->maybe_done;
        response.problem = call->maybe_done ? "timed out" : "connection refused";
    } else {
        response.status = call->answer.status;
        response.retry_after_ms = call->answer.retry_after_ms;
        response.body = slice_of(call->answer.body);
    }
    if (!call->request->urgent || world->trace.printed)
        world_trace(world,
                    "%s: %d to %s %.120s",
                    call->process->identity,
                    response.status,
                    http_method_name(call->request->method),
                    call->request->path);
    process_answer(world, call->process, &response);
    free_call(world, call);
}

static void give_up_on(struct world *world, struct call *call, bool maybe_done)
{
    call->lost = true;
    call->maybe_done = maybe_done;
    agenda_add(&world->agenda, maybe_done ? call->deadline : world->now + 1, come_back, call);
}

static void answer(struct world *world, struct call *call)
{
    int64_t when = world->now + random_spread(&world->random, 1, world->weather.delay);

    if (when > call->deadline)
        give_up_on(world, call, true);
    else
        agenda_add(&world->agenda, when, come_back, call);
}

/* -- the way there ------------------------------------------------------------------------------------------------ */

static void carry_out(struct world *world, struct call *call)
{
    world->server.acting = ACTOR_OPERATOR;
    memcpy(world->server.sender, call->sender, sizeof(call->sender));
    call->answer = verbs_handle(world, call->request);
    invariants_on_answer(world, call->request, call->answer.status);
    world->server.acting = ACTOR_CLUSTER;
}

/* A patch meets too many others of the same object: the server tries five times, and says 409 without a wrong version.
 */
static struct answer server_trouble(struct world *world, const struct http_request *request)
{
    struct answer answer;

    switch (random_below(&world->random, request->method == HTTP_PATCH ? 5 : 4)) {
    case 0:
        answer = verbs_status(429, "TooManyRequests", "too many requests");
        break;
    case 1:
        answer = verbs_status(500, "InternalError", "etcdserver: leader changed");
        break;
    case 2:
        answer = verbs_status(503, "ServiceUnavailable", "apiserver not ready");
        break;
    case 3:
        answer = verbs_status(504, "Timeout", "request did not complete within the allotted timeout");
        break;
    default:
        return verbs_status(409, "Conflict", "the object has been modified; please apply your changes to the latest");
    }
    if (random_chance(&world->random, 400))
        answer.retry_after_ms = (unsigned)random_between(&world->random, 1, 3) * 1000;
    return answer;
}

static void swap_answer(struct call *call, struct answer answer)
{
    free(call->answer.body);
    call->answer = answer;
}

static bool is_event(const struct http_request *request)
{
    return strstr(request->path, "/events") && request->method != HTTP_GET;
}

static void land_well(struct world *world, struct call *call)
{
    carry_out(world, call);
    answer(world, call);
}

static void land(struct world *world, void *context)
{
    struct call *call = context;
    const struct weather *weather = &world->weather;
    struct random *random = &world->random;

    if (call->fate != FATE_AS_IT_COMES) {
        land_well(world, call);
    } else if (world->now < world->server.down_until) {
        give_up_on(world, call, random_chance(random, 300));
    } else if (random_chance(random, weather->lost_request)) {
        world->counters.faults++;
        give_up_on(world, call, random_chance(random, 700));
    } else if (random_chance(random, weather->lost_reply)) {
        world->counters.faults++;
        carry_out(world, call);
        give_up_on(world, call, true);
    } else if (random_chance(random, weather->error_reply)) {
        world->counters.faults++;
        call->answer = server_trouble(world, call->request);
        answer(world, call);
    } else if (random_chance(random, weather->done_but_error)) {
        world->counters.faults++;
        carry_out(world, call);
        swap_answer(
            call,
            verbs_status(random_chance(random, 500) ? 500 : 504, "InternalError", "etcdserver: request timed out"));
        answer(world, call);
    } else if (is_event(call->request) && random_chance(random, weather->denied_event)) {
        call->answer = verbs_status(403, "Forbidden", "events.events.k8s.io is forbidden");
        answer(world, call);
    } else {
        land_well(world, call);
    }
}

void network_send(struct world *world, struct process *process, struct http_request *request, enum fate fate)
{
    struct call *call = xcalloc(1, sizeof(*call));
    int64_t deadline = world->now + request->timeout_ms, when;

    *call = (struct call){ .next = world->calls,
                           .process = process,
                           .run = process->run,
                           .request = request,
                           .fate = fate,
                           .deadline = deadline };
    memcpy(call->sender, process->identity, sizeof(call->sender));
    world->calls = call;
    when = world->now + random_spread(&world->random, 1, world->weather.delay);
    agenda_add(&world->agenda, when < deadline ? when : deadline, land, call);
}
