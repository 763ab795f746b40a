#pragma once
/* INTERIM, to be replaced by helper-5's: drives the engine with real I/O. */

#include "../base/error.h"
#include "../kube/config.h"
#include "engine.h"

struct driver_options {
    const struct kube_config *config;
    struct engine_options engine;
    const char *listen; /* NULL: no health and metrics */
};

/* Runs until a signal; 0, or -1 with a reason. */
int driver_run(const struct driver_options *options, struct error *err) must_check;
