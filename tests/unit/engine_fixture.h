#pragma once
/*
 * An engine whose clock and API server are the test. What it sends to watch is refused, so that nothing but the lease
 * goes on; the lease's requests come to the test one by one.
 */

#include "../../operator/base/memory.h"
#include "../../operator/engine/engine.h"
#include "../../operator/model/controller.h"
#include "unit.h"

struct engine_fixture {
    struct engine *engine;
    int64_t now;                  /* monotonic ms */
    struct http_request *request; /* the lease's, that has no answer yet; NULL: none */
    int refused;                  /* other requests, each answered 503 */
};

static inline void fixture_event(struct engine_fixture *fixture,
                                 enum event_type type,
                                 const struct http_response *response)
{
    struct event event = { .type = type,
                           .monotonic_ms = fixture->now,
                           .wall_ms = INT64_C(1790000000000) + fixture->now,
                           .response = response };

    engine_step(fixture->engine, &event);
}

/* Takes what the engine wants now. */
static inline void fixture_pump(struct engine_fixture *fixture)
{
    struct http_request *request;
    struct watch_command command;

    while ((request = engine_take_request(fixture->engine))) {
        struct http_response refusal = { .id = request->id, .status = 503 };

        if (request->urgent) {
            assert_null(fixture->request);
            fixture->request = request;
            continue;
        }
        http_request_destroy(request);
        fixture->refused++;
        fixture_event(fixture, EVENT_RESPONSE, &refusal);
    }
    while (engine_take_watch(fixture->engine, &command))
        free(command.path);
}

/* `after` ms later: a tick, and what comes of it. */
static inline void fixture_tick(struct engine_fixture *fixture, int64_t after)
{
    fixture->now += after;
    fixture_event(fixture, EVENT_TICK, NULL);
    fixture_pump(fixture);
}

/* Answers the lease's request; status 0: nobody knows whether it was carried out. The engine is told, and ticks. */
static inline void fixture_answer(struct engine_fixture *fixture, int status, const char *body)
{
    struct http_response response = { .status = status, .maybe_done = !status, .body = { body, strlen(body) } };

    assert_non_null(fixture->request);
    response.id = fixture->request->id;
    http_request_destroy(take(fixture->request));
    fixture_event(fixture, EVENT_RESPONSE, &response);
    fixture_tick(fixture, 1);
}

/* `options` need no more than what the test is about. */
static inline void fixture_init(struct engine_fixture *fixture, struct engine_options options)
{
    options.timings = engine_default_timings;
    options.controllers = controllers;
    options.seed = 1;
    *fixture = (struct engine_fixture){ .engine = engine_create(&options), .now = 1000 };
    fixture_tick(fixture, 0);
}

static inline void fixture_finish(struct engine_fixture *fixture)
{
    http_request_destroy(fixture->request);
    engine_destroy(fixture->engine);
}
