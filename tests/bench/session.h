#pragma once
/* What the bench's programs share: a way to the API server by the operator's own client, and a clock. */

#include "../../operator/http/client.h"
#include "../../operator/kube/config.h"
#include "../../operator/kube/credentials.h"

enum { JOB_DIGITS = 5 }; /* of the number in a job's name */

struct session {
    struct kube_config config;
    struct credentials *credentials;
    struct http_client *http;
    http_answer *answer;
    void *context;
};

/* `kubeconfig` is a file with a token in it; answers come from http_client_step, with `context`. */
int session_open(struct session *session,
                 const char *kubeconfig,
                 const char *user_agent,
                 http_answer *answer,
                 void *context,
                 struct error *err) must_check;
void session_close(struct session *session);

/* CLOCK_MONOTONIC in nanoseconds: the same for all processes of a machine. */
int64_t now_ns(void);

/* Prints "name: message" and ends the program with 1. */
_Noreturn void die(const char *format, ...) printf_like(1, 2);
