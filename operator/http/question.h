#pragma once
/*
 * A question to somebody who is not the API server, and what came of it, as plain data: the engine makes and takes it,
 * outside.h asks it. It carries no credentials. Nothing here does I/O.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/slice.h"

struct http_question {
    struct http_question *next; /* its owner's, for queues */
    uint64_t id;                /* comes back in the findings */
    char *url;                  /* owned */
    char *host;                 /* owned; whom to ask for at that address; NULL: whom the URL names */
    int count;                  /* so many GETs, one after the other, on a connection of its own each */
    unsigned timeout_ms;        /* of each */
    bool checked;               /* https: the certificate must be one that the system's authorities vouch for */
    size_t body_max;            /* bytes of the answer that are wanted; 0: none, and how large it is does not matter */
};

struct http_findings {
    uint64_t id;
    int count, good;     /* requests, and those that were answered 200 to 399, whole and in time */
    int status;          /* the highest of all answers; 0: there was none */
    int slowest_ms;      /* of the requests, those without an answer too */
    const char *problem; /* of the last request that has no whole answer; NULL: all have */
    bool too_large;      /* that was because of body_max */
    struct slice body;   /* of the last answer, when it is wanted; borrowed, gone when the call returns */
};

void http_question_destroy(struct http_question *question); /* NULL is fine */
