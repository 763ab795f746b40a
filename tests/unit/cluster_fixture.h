#pragma once
/*
 * An engine, and an API server of a few lines: one ServingEndpoint, and HTTPRoutes as the test wants them. The plan is
 * the test's; what it writes is kept for the test to look at.
 */

#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "../../operator/engine/engine.h"
#include "../../operator/engine/log.h"
#include "../../operator/model/controller.h"
#include "unit.h"

struct cluster {
    struct engine *engine;
    int64_t now;              /* monotonic ms */
    int route_lists_status;   /* of lists of HTTPRoutes: 200, or how they are refused */
    int route_watches_status; /* 0: they open */
    unsigned route_lists;     /* so many there were */
    const char *endpoints;    /* set by cluster_init */
    const char *deployment;   /* the only one; NULL: none */
    unsigned writes;          /* so many there were; the last one follows */
    char write_path[256], write_body[2048];
    int write_status;   /* how they are answered; 0: 200 */
    const char *object; /* the answer to every GET of one object; NULL: 404 */
    unsigned object_reads;
    char read_path[256];                     /* the last one */
    struct watch_signal watches[KIND_COUNT]; /* slot and serial of those that are open; serial 0: none is */
};

static inline void cluster_event(struct cluster *cluster, struct event event)
{
    event.monotonic_ms = cluster->now;
    event.wall_ms = INT64_C(1790000000000) + cluster->now;
    engine_step(cluster->engine, &event);
}

static const char cluster_endpoint[] =
    "{\"metadata\":{\"name\":\"chat\",\"namespace\":\"ml\",\"uid\":\"u-e\",\"resourceVersion\":\"3\",\"generation\":1},"
    "\"spec\":{},\"status\":{\"observedGeneration\":1,\"conditions\":[]}}";
static const char cluster_route[] =
    "{\"metadata\":{\"name\":\"chat\",\"namespace\":\"ml\",\"uid\":\"u-r\",\"resourceVersion\":\"4\",\"labels\":{"
    "\"app.kubernetes.io/managed-by\":\"kitae\"},\"ownerReferences\":[{\"apiVersion\":\"kitae.dev/v1alpha1\",\"kind\":"
    "\"ServingEndpoint\",\"name\":\"chat\",\"uid\":\"u-e\",\"controller\":true}]},\"spec\":{}}";

static inline void cluster_answer(struct cluster *cluster, const struct http_request *request)
{
    auto_strbuf struct strbuf body = { 0 };
    struct http_response response = { .id = request->id, .status = 200 };
    bool is_routes = strstr(request->path, "/httproutes?") != NULL, is_list = strstr(request->path, "?limit=") != NULL;
    const char *item = strstr(request->path, "/servingendpoints?") ? cluster->endpoints
                       : is_routes                                 ? cluster_route
                       : strstr(request->path, "/deployments?")    ? cluster->deployment
                                                                   : NULL;

    if (is_routes) {
        cluster->route_lists++;
        response.status = cluster->route_lists_status;
    }
    if (request->method != HTTP_GET) {
        cluster->writes++;
        snprintf(cluster->write_path,
                 sizeof(cluster->write_path),
                 "%s %s",
                 http_method_name(request->method),
                 request->path);
        snprintf(cluster->write_body, sizeof(cluster->write_body), "%s", request->body);
        response.status = cluster->write_status ? cluster->write_status : 200;
        strbuf_adds(&body,
                    response.status == 200 ? "{\"metadata\":{\"resourceVersion\":\"20\"}}" : "{\"message\":\"no\"}");
    } else if (!is_list) {
        cluster->object_reads++;
        snprintf(cluster->read_path, sizeof(cluster->read_path), "%s", request->path);
        response.status = cluster->object ? 200 : 404;
        strbuf_adds(&body, cluster->object ? cluster->object : "");
    } else if (response.status == 200) {
        strbuf_addf(&body, "{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[%s]}", item ? item : "");
    }
    response.body = (struct slice){ strbuf_text(&body), body.length };
    cluster_event(cluster, (struct event){ .type = EVENT_RESPONSE, .response = &response });
}

static inline void cluster_open(struct cluster *cluster, const struct watch_command *command)
{
    struct watch_signal signal = { .type = WATCH_OPENED, .slot = command->slot, .serial = command->serial };
    bool is_routes = strstr(command->path, "/httproutes?") != NULL;

    if (is_routes && cluster->route_watches_status)
        signal = (struct watch_signal){ .type = WATCH_CLOSED,
                                        .slot = command->slot,
                                        .serial = command->serial,
                                        .refused = true,
                                        .http_status = cluster->route_watches_status,
                                        .problem = "forbidden" };
    for (enum kind kind = 0; kind < KIND_COUNT && signal.type == WATCH_OPENED; kind++) {
        auto_strbuf struct strbuf part = { 0 };

        strbuf_addf(&part, "/%s?", kind_info(kind)->plural);
        if (strstr(command->path, strbuf_text(&part)))
            cluster->watches[kind] = signal;
    }
    cluster_event(cluster, (struct event){ .type = EVENT_WATCH, .watch = &signal });
}

/* Answers whatever the engine wants now, until it wants nothing. */
static inline void cluster_settle(struct cluster *cluster)
{
    struct http_request *request;
    struct watch_command command;
    bool more = true;

    for (int i = 0; more && i < 100; i++) {
        more = false;
        cluster_event(cluster, (struct event){ .type = EVENT_TICK });
        while ((request = engine_take_request(cluster->engine))) {
            cluster_answer(cluster, request);
            http_request_destroy(request);
            more = true;
        }
        while (engine_take_watch(cluster->engine, &command)) {
            if (command.open)
                cluster_open(cluster, &command);
            free(command.path);
            more = true;
        }
    }
    assert_false(more);
}

/* A watch tells of an object. */
static inline void cluster_tell(struct cluster *cluster, enum kind kind, const char *type, const char *object)
{
    auto_strbuf struct strbuf text = { 0 };
    struct watch_signal signal = { .type = WATCH_MESSAGE };

    strbuf_addf(&text, "{\"type\":\"%s\",\"object\":%s}", type, object);
    signal.slot = cluster->watches[kind].slot;
    signal.serial = cluster->watches[kind].serial;
    signal.message = (struct slice){ text.data, text.length };
    cluster_event(cluster, (struct event){ .type = EVENT_WATCH, .watch = &signal });
    cluster_settle(cluster);
}

static inline void cluster_wait(struct cluster *cluster, int64_t ms)
{
    cluster->now += ms;
    cluster_settle(cluster);
}

/* The watch of the routes ends, as watches do. */
static inline void cluster_end_route_watch(struct cluster *cluster)
{
    struct watch_signal end = cluster->watches[KIND_HTTP_ROUTE];

    end.type = WATCH_CLOSED;
    end.problem = "the end";
    cluster_event(cluster, (struct event){ .type = EVENT_WATCH, .watch = &end });
}

/* The list is NULL-terminated; `options` need no more than what the test is about. */
static inline void cluster_init(struct cluster *cluster,
                                const struct controller *const *list,
                                struct engine_options options)
{
    options.controllers = list;
    options.timings = engine_default_timings;
    options.transport = WATCH_HTTP;
    options.seed = 1;
    *cluster = (struct cluster){
        .now = 1000, .route_lists_status = 200, .endpoints = cluster_endpoint, .engine = engine_create(&options)
    };
}
