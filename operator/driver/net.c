#include "net.h"

#include <libwebsockets.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/strbuf.h"
#include "../base/text.h"
#include "../engine/log.h"
#include "../serve/report_server.h"
#include "../serve/server.h"

enum {
    ORDERS_LIMIT = 64 * 1024 * 1024,
    GOODBYE_MS = 1000,
};

enum order_type {
    ORDER_OPEN,
    ORDER_CLOSE,
    ORDER_CERTIFICATES,
    ORDER_METRICS,
    ORDER_REPORT_CERTIFICATE,
    ORDER_REPLY,
};

/* What the engine's thread wants done. Owns its texts. */
struct order {
    struct letter letter;
    enum order_type type;
    struct watch_command command;
    char *address;
    struct http_header *headers;
    size_t header_count;
    struct socket_certificates certificates;
    struct report_reply reply;
    char *text;
};

struct net {
    struct lws_context *lws;
    struct watch_sockets *sockets;
    struct server *server;         /* NULL: not listening */
    struct report_server *reports; /* likewise */
    struct watch_socket_server target;
    struct strbuf authority; /* what target names, when it is not the config's */
    struct mailbox *inbox, *orders;
    pthread_t thread;
    atomic_bool stop;
};

/* -- orders ------------------------------------------------------------------------------------------------------- */

static void order_free(struct letter *letter)
{
    struct order *order = (struct order *)letter;

    for (size_t i = 0; i < order->header_count; i++) {
        free((char *)order->headers[i].name);
        free((char *)order->headers[i].value);
    }
    free(order->headers);
    free(order->command.path);
    free(order->address);
    free((char *)order->certificates.ca);
    free((char *)order->certificates.certificate);
    free((char *)order->certificates.key);
    free(order->text);
    free(order);
}

static void give(struct net *net, enum order_type type, struct order order)
{
    struct order *copy = xcalloc(1, sizeof(*copy));

    *copy = order;
    copy->type = type;
    copy->letter.size = sizeof(*copy);
    mailbox_put_always(net->orders, &copy->letter);
}

void net_open(struct net *net,
              const struct watch_command *command,
              const char *address,
              const struct http_header *headers,
              size_t header_count)
{
    struct order order = { .command = *command, .address = xstrdup(address), .header_count = header_count };

    order.headers = xcalloc(header_count, sizeof(*order.headers));
    for (size_t i = 0; i < header_count; i++)
        order.headers[i] = (struct http_header){ xstrdup(headers[i].name), xstrdup(headers[i].value) };
    give(net, ORDER_OPEN, order);
}

void net_close(struct net *net, unsigned slot, unsigned serial)
{
    give(net, ORDER_CLOSE, (struct order){ .command = { .slot = slot, .serial = serial } });
}

void net_certificates(struct net *net, const struct socket_certificates *certificates)
{
    struct socket_certificates copy = { text_copy(certificates->ca),
                                        text_copy(certificates->certificate),
                                        text_copy(certificates->key) };

    give(net, ORDER_CERTIFICATES, (struct order){ .certificates = copy });
}

void net_metrics(struct net *net, char *take_text)
{
    give(net, ORDER_METRICS, (struct order){ .text = take_text });
}

void net_report_certificate(struct net *net, const char *certificate, const char *key)
{
    struct socket_certificates copy = { NULL, text_copy(certificate), text_copy(key) };

    give(net, ORDER_REPORT_CERTIFICATE, (struct order){ .certificates = copy });
}

void net_reply(struct net *net, const struct report_reply *reply)
{
    give(net, ORDER_REPLY, (struct order){ .reply = *reply });
}

static void carry_out(struct net *net, const struct order *order)
{
    switch (order->type) {
    case ORDER_OPEN:
        watch_sockets_open(net->sockets, &order->command, order->address, order->headers, order->header_count);
        break;
    case ORDER_CLOSE:
        watch_sockets_close(net->sockets, order->command.slot, order->command.serial);
        break;
    case ORDER_CERTIFICATES:
        watch_sockets_certificates(net->sockets, &order->certificates);
        break;
    case ORDER_METRICS:
        if (net->server)
            server_metrics(net->server, order->text);
        break;
    case ORDER_REPORT_CERTIFICATE:
        report_server_certificate(net->reports, order->certificates.certificate, order->certificates.key);
        break;
    case ORDER_REPLY:
        report_server_answer(
            net->reports, order->reply.id, order->reply.status, order->reply.retry_after, order->reply.text);
        break;
    }
}

/* -- news --------------------------------------------------------------------------------------------------------- */

void news_free(struct letter *letter)
{
    free(((struct news *)letter)->text);
    free(((struct news *)letter)->token);
    free(letter);
}

/* A watch message comes in memory of its own, which goes on to the engine as it is. */
static bool watch_signalled(void *context, const struct watch_signal *signal, char *take_text)
{
    struct net *net = context;
    struct news *news = xcalloc(1, sizeof(*news));

    *news = (struct news){ .type = NEWS_WATCH, .signal = *signal, .text = take_text };
    news->letter.size = sizeof(*news) + signal->message.length;
    if (signal->problem)
        news->signal.problem = news->text = xstrdup(signal->problem);
    if (signal->type != WATCH_MESSAGE) {
        mailbox_put_always(net->inbox, &news->letter);
    } else if (!mailbox_put(net->inbox, &news->letter)) {
        news_free(&news->letter);
        return false;
    }
    return true;
}

static void metrics_wanted(void *context)
{
    struct net *net = context;
    struct news *news = xcalloc(1, sizeof(*news));

    news->type = NEWS_METRICS_WANTED;
    news->letter.size = sizeof(*news);
    mailbox_put_always(net->inbox, &news->letter);
}

/* A flood of them is refused here: nobody but its pod waits for one. */
static void report_came(void *context, uint64_t id, const char *token, const char *body, size_t length)
{
    struct net *net = context;
    struct news *news = xcalloc(1, sizeof(*news));

    *news = (struct news){ .type = NEWS_REPORT, .text = xstrndup(body, length), .token = xstrdup(token) };
    news->report = (struct report_call){ id, news->token, slice_of(news->text) };
    news->letter.size = sizeof(*news) + length + strlen(token);
    if (mailbox_put(net->inbox, &news->letter))
        return;
    news_free(&news->letter);
    report_server_answer(net->reports, id, 503, 10, "too much to do");
}

/* -- the thread --------------------------------------------------------------------------------------------------- */

static void wake(void *context)
{
    lws_cancel_service(((struct net *)context)->lws);
}

static void nothing(lws_sorted_usec_list_t *sul)
{
    (void)sul; /* it was only to wake us */
}

/* Closes what is open with a word, if the server answers in time. */
static void say_goodbye(struct net *net)
{
    lws_usec_t until = lws_now_usecs() + GOODBYE_MS * LWS_US_PER_MS;
    lws_sorted_usec_list_t alarm = { 0 };

    while (!watch_sockets_stop(net->sockets) && lws_now_usecs() < until) {
        lws_sul_schedule(net->lws, 0, &alarm, nothing, until - lws_now_usecs());
        lws_service(net->lws, 0);
    }
    lws_sul_cancel(&alarm);
}

static void *service(void *context)
{
    struct net *net = context;

    while (!atomic_load(&net->stop)) {
        for (struct letter *letter = mailbox_take(net->orders), *next; letter; letter = next) {
            next = letter->next;
            carry_out(net, (struct order *)letter);
            order_free(letter);
        }
        lws_service(net->lws, 0);
    }
    say_goodbye(net);
    return NULL;
}

/* What libwebsockets has to say is of use only to who debugs it. */
static void log_libwebsockets(int level, const char *line)
{
    auto_free char *text = xstrndup(line, strcspn(line, "\n"));

    (void)level;
    log_debug("libwebsockets", KV_STR("says", text));
}

static struct lws_context *make_context(void)
{
    struct lws_context_creation_info info = { .port = CONTEXT_PORT_NO_LISTEN, .gid = -1, .uid = -1 };

    watch_sockets_context(&info);
    lws_set_log_level(LLL_ERR | LLL_WARN, log_libwebsockets);
    return lws_create_context(&info);
}

/* The name that the certificate is for, and where to look when there is none but an address. */
static void find_server(struct net *net, const struct kube_config *config)
{
    const struct kube_server *server = &config->server;

    net->target = (struct watch_socket_server){ .tls = server->tls,
                                                .insecure = config->insecure,
                                                .authority = server->authority,
                                                .prefix = server->prefix,
                                                .port = server->port };
    if (config->tls_server_name) {
        strbuf_addf(&net->authority, "%s:%u", config->tls_server_name, server->port);
        net->target.authority = strbuf_text(&net->authority);
    } else if (server->ipv6) {
        net->target.ipv6_address = server->host;
    }
}

static void free_net(struct net *net)
{
    watch_sockets_mute(net->sockets);
    lws_context_destroy(net->lws);
    watch_sockets_destroy(net->sockets);
    server_destroy(net->server);
    report_server_destroy(net->reports);
    mailbox_destroy(net->orders, order_free);
    strbuf_finish(&net->authority);
    free(net);
}

static int listen_to(struct net *net, const struct net_options *options, struct error *err)
{
    if (options->listen &&
        server_create(net->lws, options->listen, options->health, metrics_wanted, net, &net->server, err) < 0)
        return -1;
    if (options->report_listen &&
        report_server_create(net->lws, options->report_listen, report_came, net, &net->reports, err) < 0)
        return -1;
    return 0;
}

int net_create(const struct net_options *options, struct net **ret, struct error *err)
{
    struct net *net = xcalloc(1, sizeof(*net));

    net->inbox = options->inbox;
    net->lws = make_context();
    if (!net->lws)
        BUG("libwebsockets cannot make a context");
    net->orders = mailbox_create(ORDERS_LIMIT, wake, net);
    find_server(net, options->config);
    net->sockets = watch_sockets_create(net->lws, &net->target, &options->certificates, watch_signalled, net);
    if (listen_to(net, options, err) < 0) {
        free_net(net);
        return -1;
    }
    if (pthread_create(&net->thread, NULL, service, net) != 0)
        BUG("cannot start a thread");
    *ret = net;
    return 0;
}

void net_destroy(struct net *net)
{
    if (!net)
        return;
    atomic_store(&net->stop, true);
    lws_cancel_service(net->lws);
    pthread_join(net->thread, NULL);
    free_net(net);
}
