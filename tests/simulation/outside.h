#pragma once
/*
 * Who is asked beside the API server: pods through the Service of a revision or through the Gateway, and Prometheus.
 * They answer as it really is, or not at all.
 */

#include "../../operator/http/question.h"
#include "server.h"

struct inquiry;

#define PROMETHEUS_URL "http://10.201.0.1:9090"

/* Takes the question; the process gets its answer later, if it lives so long. */
void outside_ask(struct world *world, struct process *process, struct http_question *take_question);

void outside_finish(struct world *world);
