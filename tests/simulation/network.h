#pragma once
/* Requests on their way to the server and answers on their way back, and what may happen to both. */

#include "../../operator/http/request.h"

struct world;
struct process;

enum fate {
    FATE_AS_IT_COMES,
    FATE_LANDS, /* the request is carried out and answered: the test of a crash counts on it */
    FATE_CRASH, /* ... and its sender dies at the moment of the answer */
};

/* Takes the request. Exactly one answer comes back, unless its sender is gone by then. */
void network_send(struct world *world, struct process *process, struct http_request *take_request, enum fate fate);
void network_finish(struct world *world);
