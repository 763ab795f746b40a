#pragma once
/*
 * Drives the engine with real I/O: curl for requests and chunked watches, the net thread for websockets, signals, time.
 */

#include "../base/error.h"
#include "../engine/engine.h"
#include "../kube/config.h"

struct driver_options {
    const struct kube_config *config; /* borrowed */
    struct engine_options engine;
    const char *listen;        /* of health and metrics; NULL: none */
    const char *report_listen; /* of reports; NULL: none, and then engine.report_url is NULL too */
};

/*
 * Runs until SIGTERM or SIGINT: then finishes what is in flight and gives the lease back, for at most 30 s; a second
 * signal ends it at once. SIGUSR1 logs what the engine holds. -1 when it could not start, or lost the lease.
 */
int driver_run(const struct driver_options *options, struct error *err) must_check;
