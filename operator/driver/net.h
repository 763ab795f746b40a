#pragma once
/*
 * The net thread: one libwebsockets context that carries the websocket watches and answers /healthz, /readyz and
 * /metrics, and takes what pods report. It moves bytes and decides nothing. All functions here are for the engine's
 * thread; what the net thread has to say comes as news in the mailbox.
 */

#include "../base/mailbox.h"
#include "../engine/engine.h"
#include "../kube/config.h"
#include "../kube/watch_socket.h"
#include "../serve/health.h"

enum news_type { NEWS_WATCH, NEWS_METRICS_WANTED, NEWS_REPORT };

struct news {
    struct letter letter; /* first: the mailbox links it */
    enum news_type type;
    struct watch_signal signal; /* NEWS_WATCH */
    struct report_call report;  /* NEWS_REPORT */
    char *text, *token;         /* own what these borrow */
};

void news_free(struct letter *letter);

struct net_options {
    const struct kube_config *config; /* borrowed */
    struct socket_certificates certificates;
    const char *listen;        /* NULL: no health and metrics */
    const char *report_listen; /* NULL: no reports */
    struct health *health;     /* borrowed */
    struct mailbox *inbox;     /* where news go; borrowed */
};

struct net;

/* Starts the thread. ERROR_INVALID when `listen` cannot be had. */
int net_create(const struct net_options *options, struct net **ret, struct error *err) must_check;
void net_destroy(struct net *net); /* closes everything and waits for the thread; NULL is fine */

void net_open(struct net *net,
              const struct watch_command *command, /* its path is taken */
              const char *address,
              const struct http_header *headers,
              size_t header_count);
void net_close(struct net *net, unsigned slot, unsigned serial);
void net_certificates(struct net *net, const struct socket_certificates *certificates);
void net_metrics(struct net *net, char *take_text); /* to everybody who asked */
void net_report_certificate(struct net *net, const char *certificate, const char *key);
void net_reply(struct net *net, const struct report_reply *reply);
