#include "outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "gateway.h"
#include "process.h"
#include "replicas.h"
#include "trees.h"
#include "world.h"

enum { SLOW_MS = 1000, URL = 512, NEVER = 0 };

/* A question under way. */
struct inquiry {
    struct inquiry *next;
    struct process *process;
    unsigned run;
    struct http_question *question;
    struct http_findings findings;
    char *body;
};

static void free_inquiry(struct world *world, struct inquiry *inquiry)
{
    struct inquiry **link = &world->inquiries;

    while (*link != inquiry)
        link = &(*link)->next;
    *link = inquiry->next;
    http_question_destroy(inquiry->question);
    free(inquiry->body);
    free(inquiry);
}

void outside_finish(struct world *world)
{
    while (world->inquiries)
        free_inquiry(world, world->inquiries);
}

/* -- addresses ---------------------------------------------------------------------------------------------------- */

struct place {
    char address[64], path[128];
};

/* "http://10.96.1.2:8080/healthz" */
static struct place place_of(const char *url)
{
    const char *at = strstr(url, "://"), *slash;
    struct place place = { .path = "/" };

    at = at ? at + 3 : url;
    slash = strchr(at, '/');
    snprintf(place.address, sizeof(place.address), "%.*s", (int)strcspn(at, ":/"), at);
    if (slash)
        snprintf(place.path, sizeof(place.path), "%s", slash);
    return place;
}

static const struct thing *service_at(const struct world *world, const char *address)
{
    for (size_t i = 0; i < world->server.counts[RESOURCE_SERVICES]; i++) {
        const struct thing *service = world->server.things[RESOURCE_SERVICES][i];

        if (strcmp(jb_get_str(jb_get(service->now->tree, "spec"), "clusterIP"), address) == 0)
            return service;
    }
    return NULL;
}

/* -- requests ----------------------------------------------------------------------------------------------------- */

/* One of the pods that serve behind a Service; NULL: nobody answers there. */
static const struct replica *some_replica(struct world *world, const struct thing *service)
{
    const json_t *selector = jb_get(jb_get(service->now->tree, "spec"), "selector");
    uint64_t at = random_below(&world->random, (uint64_t)workloads_behind(world, service));

    for (const struct workload *workload = world->workloads; workload; workload = workload->next)
        for (const struct replica *replica = workload->replicas; replica; replica = replica->next)
            if (replica_serves(replica) && strcmp(replica->thing->namespace, service->namespace) == 0 &&
                tree_selects(selector, replica->thing->now->tree) && at-- == 0)
                return replica;
    return NULL;
}

/* The Service that the data plane takes for one request; NULL: it has none. */
static const struct thing *some_backend(struct world *world, const struct traffic *traffic)
{
    int sum = 0, at;

    for (unsigned i = 0; i < traffic->served.count; i++)
        sum += traffic->served.backends[i].weight;
    at = (int)random_below(&world->random, (uint64_t)sum);
    for (unsigned i = 0; i < traffic->served.count; i++) {
        at -= traffic->served.backends[i].weight;
        if (at < 0)
            return server_find(
                world, RESOURCE_SERVICES, traffic->route->namespace, traffic->served.backends[i].service);
    }
    return NULL;
}

/* The status that comes back; 0: none does. */
static int answer_of(const struct world *world, const struct replica *replica, struct inquiry *inquiry)
{
    enum quality quality = replica ? workload_quality(world, replica->thing->now->tree) : QUALITY_GOOD;

    if (replica && quality == QUALITY_SLOW && inquiry->findings.slowest_ms < SLOW_MS)
        inquiry->findings.slowest_ms = SLOW_MS;
    if (!replica || (quality == QUALITY_SLOW && inquiry->question->timeout_ms < SLOW_MS)) {
        inquiry->findings.problem = replica ? "timed out" : "connection refused";
        return NEVER;
    }
    return quality == QUALITY_ERRORS ? 500 : 200;
}

static int request_gateway(struct world *world, const struct place *place, struct inquiry *inquiry)
{
    const char *host = inquiry->question->host ? inquiry->question->host : place->address;
    const struct traffic *traffic = gateway_match(world, host, place->path);
    const struct thing *service = traffic ? some_backend(world, traffic) : NULL;
    const struct replica *replica = service ? some_replica(world, service) : NULL;

    if (!traffic)
        return 404;
    return replica ? answer_of(world, replica, inquiry) : 503;
}

static int request(struct world *world, const struct place *place, struct inquiry *inquiry)
{
    const struct thing *service;

    if (strcmp(place->address, GATEWAY_ADDRESS) == 0)
        return request_gateway(world, place, inquiry);
    service = service_at(world, place->address);
    return answer_of(world, service ? some_replica(world, service) : NULL, inquiry);
}

static void probe(struct world *world, struct inquiry *inquiry)
{
    struct place place = place_of(inquiry->question->url);
    struct http_findings *findings = &inquiry->findings;

    for (int i = 0; i < inquiry->question->count; i++) {
        int status = request(world, &place, inquiry);

        findings->count++;
        findings->good += status >= 200 && status < 400;
        if (status > findings->status)
            findings->status = status;
    }
}

/* -- Prometheus --------------------------------------------------------------------------------------------------- */

/* service%3D%22NAME%22, whoever wrote the percent signs. */
static const struct thing *asked_about(const struct world *world, const char *url)
{
    for (const struct workload *workload = world->workloads; workload; workload = workload->next)
        if (!workload->thing->gone && strstr(url, workload->thing->name) && strstr(url, workload->thing->namespace))
            return workload->thing;
    return NULL;
}

static const char *number_of(const struct world *world, const struct thing *deployment, const char *url)
{
    const json_t *template = jb_get(jb_get(deployment->now->tree, "spec"), "template");

    if (strstr(url, "requests"))
        return world->weather.few_requests ? "7" : "2500";
    return workload_quality(world, template) == QUALITY_BAD_NUMBERS ? "0.25" : "0.001";
}

static json_t *series(const char *value)
{
    return OBJ({ "metric", json_object() }, { "value", ARR(jb_int(1795000000), jb_str(value)) });
}

static void query(struct world *world, struct inquiry *inquiry)
{
    const struct thing *deployment = asked_about(world, inquiry->question->url);
    bool empty = !deployment || random_chance(&world->random, world->weather.empty_answer);
    bool several = !empty && random_chance(&world->random, world->weather.empty_answer / 4);
    const char *number = empty ? "" : number_of(world, deployment, inquiry->question->url);
    json_auto_t *body = OBJ({ "status", jb_str("success") },
                            { "data",
                              OBJ({ "resultType", jb_str("vector") },
                                  { "result", ARR(empty ? NULL : series(number), several ? series("0.5") : NULL) }) });

    inquiry->body = jb_dump(body, false);
    inquiry->findings.count = inquiry->findings.good = 1;
    inquiry->findings.status = 200;
    inquiry->findings.body = slice_of(inquiry->body);
}

/* -- there and back ----------------------------------------------------------------------------------------------- */

static void come_back(struct world *world, void *context)
{
    struct inquiry *inquiry = context;

    if (process_runs(inquiry->process, inquiry->run) && process_is_frozen(world, inquiry->process)) {
        agenda_add(&world->agenda, process_wakes_at(inquiry->process) + 1, come_back, inquiry);
        return;
    }
    if (process_runs(inquiry->process, inquiry->run)) {
        world_trace(world,
                    "%s: %d of %d, status %d, of %.120s",
                    inquiry->process->identity,
                    inquiry->findings.good,
                    inquiry->findings.count,
                    inquiry->findings.status,
                    inquiry->question->url);
        process_findings(world, inquiry->process, &inquiry->findings);
    }
    free_inquiry(world, inquiry);
}

static void lose(struct inquiry *inquiry)
{
    inquiry->findings.count = inquiry->question->count;
    inquiry->findings.slowest_ms = (int)inquiry->question->timeout_ms;
    inquiry->findings.problem = "timed out";
}

static void land(struct world *world, void *context)
{
    struct inquiry *inquiry = context;
    int64_t took = random_spread(&world->random, 1, world->weather.delay);

    if (random_chance(&world->random, world->weather.lost_answer)) {
        lose(inquiry);
        took = inquiry->question->timeout_ms;
    } else if (strncmp(inquiry->question->url, PROMETHEUS_URL, strlen(PROMETHEUS_URL)) == 0) {
        query(world, inquiry);
    } else {
        probe(world, inquiry);
    }
    agenda_add(&world->agenda, world->now + took, come_back, inquiry);
}

void outside_ask(struct world *world, struct process *process, struct http_question *take_question)
{
    struct inquiry *inquiry = xcalloc(1, sizeof(*inquiry));

    *inquiry = (struct inquiry){ .next = world->inquiries,
                                 .process = process,
                                 .run = process->run,
                                 .question = take_question,
                                 .findings = { .id = take_question->id } };
    world->inquiries = inquiry;
    agenda_add(&world->agenda, world->now + random_spread(&world->random, 1, world->weather.delay), land, inquiry);
}
