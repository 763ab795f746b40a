#pragma once
/*
 * The engine: everything that happens between bytes from the API server and bytes to it. It is a state machine without
 * I/O, clock or randomness of its own: engine_step takes one event, and afterwards the caller carries out what the
 * engine asks for through engine_take_request and engine_take_watch. The program drives it with curl and websockets,
 * tests/simulation with a model of an API server; both run this very code.
 *
 * One thread. Nothing here blocks or takes longer than 10 ms.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../http/question.h"
#include "../http/request.h"
#include "../kube/watch.h"
#include "../model/object.h"

struct engine;

/* All timings of the engine, so that tests can shorten them. Milliseconds. */
struct engine_timings {
    int64_t write_timeout; /* of a write; also sent as ?timeout= */
    int64_t list_timeout;
    int64_t watch_min, watch_max;     /* timeoutSeconds is drawn between them */
    int64_t watch_slack;              /* our own deadline behind it */
    int64_t silence;                  /* no event and no bookmark for so long: reconnect */
    int64_t short_watch;              /* a watch that ends empty within it is suspicious; two in a row: list again */
    int64_t backoff_min, backoff_max; /* of a reflector */
    int64_t absent_retry;             /* of a list of a kind that the server does not have */
    int64_t optional_retry;           /* likewise, of a kind that many servers do not have */
    int64_t key_backoff_min, key_backoff_max; /* of a key whose pass failed, of a child that was refused */
    int64_t websocket_retry;                  /* try the websocket again after falling back */
    int64_t lazy_status;                      /* a status that differs in counts only is written at most so often, and
                                                 ten times as seldom in a rush */
    int64_t lease_duration, lease_renew_deadline, lease_retry;
    int64_t event_repeat; /* the same event again patches its series at most so often */
};
extern const struct engine_timings engine_default_timings;

struct engine_options {
    const char *const *namespaces; /* NULL-terminated, at most engine_max_namespaces(); NULL or empty: all */
    const char *selector;          /* label selector on our custom resources; NULL: none */
    enum watch_transport transport;
    bool transport_fixed; /* never change the transport */
    bool leader_elect;
    const char *lease_namespace;                      /* with leader_elect */
    const char *host;                                 /* "host:port" of the API server, for metrics; NULL: not told */
    const char *agent_image;                          /* of the pods that move data */
    bool can_probe;                                   /* addresses of the cluster can be reached from here */
    const char *identity;                             /* unique to this process: host name and a random part */
    const char *report_url;                           /* where pods find us with their reports; NULL: no reports */
    const char *report_host;                          /* its host, for which the certificate is */
    const char *report_secret;                        /* in lease_namespace: where authority and certificate are kept */
    const char *prometheus_url;                       /* without a slash at its end; NULL: there is none to ask */
    unsigned window;                                  /* requests in flight at most; 0: default */
    uint64_t seed;                                    /* of all jitter */
    void (*random_bytes)(void *bytes, size_t length); /* for keys: the real thing */
    struct engine_timings timings;
    const struct controller *const *controllers; /* NULL-terminated */
};

enum event_type {
    EVENT_TICK, /* time has passed; also the first event ever. Passes start here, so it follows every batch of others */
    EVENT_RESPONSE, /* to a request that was taken; every taken request gets exactly one */
    EVENT_WATCH,
    EVENT_REPORT, /* somebody says that a pod is so far; each gets exactly one reply, perhaps later */
    EVENT_ANSWER, /* to a question that was taken; every taken question gets exactly one */
    EVENT_STOP,   /* finish what is in flight, give the lease back, start nothing new */
};

struct report_call {
    uint64_t id;
    const char *token; /* "" when it shows none */
    struct slice body;
};

struct report_reply {
    uint64_t id;
    int status;           /* of HTTP */
    unsigned retry_after; /* seconds; 0: none */
    const char *text;     /* static */
};

struct event {
    enum event_type type;
    int64_t monotonic_ms;                 /* CLOCK_BOOTTIME; never goes back */
    int64_t wall_ms;                      /* since 1970; may jump */
    const struct http_response *response; /* EVENT_RESPONSE */
    const struct watch_signal *watch;     /* EVENT_WATCH */
    const struct report_call *report;     /* EVENT_REPORT */
    const struct http_findings *findings; /* EVENT_ANSWER */
};

enum { ENGINE_MAX_WATCHES = 512 }; /* the slots of watch commands are below it */

/* A watch for each kind and namespace is so dear that whoever wants more is better off with one of all namespaces. */
size_t engine_max_namespaces(void);

struct engine *engine_create(const struct engine_options *options); /* strings are borrowed for the engine's life */
void engine_destroy(struct engine *engine);

void engine_step(struct engine *engine, const struct event *event);

/* The next request to send now, or NULL: nothing to do, or the window is full. The caller destroys it. */
struct http_request *engine_take_request(struct engine *engine);

/*
 * The next question to ask of somebody else, or NULL: nothing of ours may go with it, no credentials above all. The
 * caller destroys it.
 */
struct http_question *engine_take_question(struct engine *engine);

/* The next watch to open or close; false when there is none. */
bool engine_take_watch(struct engine *engine, struct watch_command *ret_command);

/* The next answer to a report; false when there is none. */
bool engine_take_reply(struct engine *engine, struct report_reply *ret);

/* What to answer reports with, PEM, when it has changed; false when it has not. Borrowed until the next step. */
bool engine_take_certificate(struct engine *engine, const char **ret_certificate, const char **ret_key);

/* When the next EVENT_TICK is due at the latest, in monotonic_ms; INT64_MAX: never. */
int64_t engine_next_tick(const struct engine *engine);

bool engine_is_ready(const struct engine *engine);              /* every watched kind has finished its first list */
const char *engine_unready_reason(const struct engine *engine); /* "" when ready; borrowed until the next step */
bool engine_is_leader(const struct engine *engine);
bool engine_is_stopped(const struct engine *engine); /* after EVENT_STOP: nothing left in flight */
bool engine_lost_lease(const struct engine *engine); /* the process must exit at once, non-zero */
