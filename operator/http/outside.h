#pragma once
/*
 * Asks others than the API server, over a client's multi handle, so that there is one place to wait at. What is sent
 * goes without the client's headers, certificates and proxy, and without any that the environment names; redirects are
 * not followed; connections are not kept. One thread; nothing blocks.
 */

#include "client.h"
#include "question.h"

struct outside;

/* Called when all requests of a question have come to an end. */
typedef void outside_answer(void *context, const struct http_findings *findings);

struct outside *outside_create(struct http_client *client, outside_answer *answer, void *context);
void outside_destroy(struct outside *outside); /* before the client; what is under way gets no answer. NULL is fine */

void outside_ask(struct outside *outside, struct http_question *take_question);
