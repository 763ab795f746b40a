#pragma once
/*
 * The net thread: one libwebsockets context that carries the websocket watches and answers /healthz, /readyz and
 * /metrics. It moves bytes and decides nothing. All functions here are for the engine's thread; what the net thread has
 * to say comes as news in the mailbox.
 */

#include "../base/mailbox.h"
#include "../kube/config.h"
#include "../kube/watch_socket.h"
#include "../serve/health.h"

enum news_type { NEWS_WATCH, NEWS_METRICS_WANTED };

struct news {
    struct letter letter; /* first: the mailbox links it */
    enum news_type type;
    struct watch_signal signal; /* NEWS_WATCH */
    char *text;                 /* owns what the signal borrows */
};

void news_free(struct letter *letter);

struct net_options {
    const struct kube_config *config; /* borrowed */
    struct socket_certificates certificates;
    const char *listen;    /* NULL: no health and metrics */
    struct health *health; /* borrowed */
    struct mailbox *inbox; /* where news go; borrowed */
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
