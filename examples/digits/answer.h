#pragma once
/* From a request to the bytes of its answer: paths, predictions, and the faults that were asked for. No I/O. */

#include <stdbool.h>

#include "http.h"
#include "metrics.h"
#include "model.h"
#include "settings.h"
#include "text.h"

struct service {
    const struct settings *settings; /* borrowed */
    struct metrics metrics;
    struct model model;
    bool has_model;
    char model_name[256];
    long fault_balance; /* percents that have gathered; at 100 a fault is due */
};

struct answer {
    int status;
    bool is_counted;         /* in the metrics */
    long delay_milliseconds; /* before it may be sent */
    struct text text;        /* head and body */
};

void service_init(struct service *service, const struct settings *settings);

/* From now on predictions are answered. `model` is copied. */
void service_take_model(struct service *service, const struct model *model);

/* keep_alive: the connection stays open behind this answer, and the client is told so. */
void answer_request(struct service *service,
                    const struct http_request *request,
                    bool keep_alive,
                    struct answer *ret_answer);

/* The connection is closed behind it. */
void answer_problem(struct service *service, const struct http_problem *problem, struct answer *ret_answer);
