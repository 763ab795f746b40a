#include "net.h"

#include <libwebsockets.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "../base/memory.h"
#include "../serve/server.h"

enum { ORDERS_LIMIT = 64 * 1024 * 1024 };

enum order_type { ORDER_OPEN, ORDER_CLOSE, ORDER_TLS, ORDER_METRICS };

/* What the engine's thread wants done. Owns its texts. */
struct order {
    struct letter letter;
    enum order_type type;
    struct watch_command command;
    char *address;
    struct http_header *headers;
    size_t header_count;
    struct watch_socket_tls tls;
    char *text;
};

struct net {
    struct lws_context *lws;
    struct watch_sockets *sockets;
    struct server *server; /* NULL: not listening */
    struct watch_socket_server target;
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
    free((char *)order->tls.ca);
    free((char *)order->tls.certificate);
    free((char *)order->tls.key);
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

static char *copy_text(const char *text)
{
    return text ? xstrdup(text) : NULL;
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

void net_tls(struct net *net, const struct watch_socket_tls *tls)
{
    struct watch_socket_tls copy = {
        copy_text(tls->ca), copy_text(tls->certificate), copy_text(tls->key), tls->insecure
    };

    give(net, ORDER_TLS, (struct order){ .tls = copy });
}

void net_metrics(struct net *net, char *take_text)
{
    give(net, ORDER_METRICS, (struct order){ .text = take_text });
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
    case ORDER_TLS:
        watch_sockets_tls(net->sockets, &order->tls);
        break;
    case ORDER_METRICS:
        if (net->server)
            server_metrics(net->server, order->text);
        break;
    }
}

/* -- news --------------------------------------------------------------------------------------------------------- */

void news_free(struct letter *letter)
{
    free(letter);
}

/* Copies a signal and its texts into one allocation. */
static struct news *write_news(const struct watch_signal *signal)
{
    size_t problem = signal->problem ? strlen(signal->problem) + 1 : 0;
    struct news *news = xcalloc(1, sizeof(*news) + signal->message.length + 1 + problem);
    char *text = (char *)(news + 1);

    news->type = NEWS_WATCH;
    news->signal = *signal;
    news->letter.size = sizeof(*news) + signal->message.length;
    if (signal->message.data)
        news->signal.message.data = memcpy(text, signal->message.data, signal->message.length);
    if (signal->problem)
        news->signal.problem = memcpy(text + signal->message.length + 1, signal->problem, problem);
    return news;
}

static void watch_signalled(void *context, const struct watch_signal *signal)
{
    struct net *net = context;
    struct news *news = write_news(signal);
    struct watch_signal closed = { .type = WATCH_CLOSED,
                                   .slot = signal->slot,
                                   .serial = signal->serial,
                                   .problem = "the engine is too slow for this watch" };

    if (signal->type != WATCH_MESSAGE) {
        mailbox_put_always(net->inbox, &news->letter);
    } else if (!mailbox_put(net->inbox, &news->letter)) {
        free(news);
        watch_sockets_close(net->sockets, signal->slot, signal->serial);
        mailbox_put_always(net->inbox, &write_news(&closed)->letter);
    }
}

static void metrics_wanted(void *context)
{
    struct net *net = context;
    struct news *news = xcalloc(1, sizeof(*news));

    news->type = NEWS_METRICS_WANTED;
    news->letter.size = sizeof(*news);
    mailbox_put_always(net->inbox, &news->letter);
}

/* -- the thread --------------------------------------------------------------------------------------------------- */

static void wake(void *context)
{
    lws_cancel_service(((struct net *)context)->lws);
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
    return NULL;
}

static struct lws_context *make_context(void)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .pt_serv_buf_size = 64 * 1024, /* a handshake with a long token; fewer pieces of a long message */
        .fd_limit_per_thread = 256,    /* else its tables follow the limit of open files */
        .gid = -1,
        .uid = -1,
    };

    lws_set_log_level(LLL_ERR, NULL);
    return lws_create_context(&info);
}

int net_create(const struct net_options *options, struct net **ret, struct error *err)
{
    const struct kube_server *server = &options->config->server;
    struct net *net = xcalloc(1, sizeof(*net));

    net->inbox = options->inbox;
    net->target = (struct watch_socket_server){
        .tls = server->tls,
        .host = options->config->tls_server_name ? options->config->tls_server_name : server->host,
        .prefix = server->prefix,
        .port = server->port,
    };
    net->lws = make_context();
    if (!net->lws)
        BUG("libwebsockets cannot make a context");
    net->orders = mailbox_create(ORDERS_LIMIT, wake, net);
    if (options->listen &&
        server_create(net->lws, options->listen, options->health, metrics_wanted, net, &net->server, err) < 0) {
        lws_context_destroy(net->lws);
        mailbox_destroy(net->orders, order_free);
        free(net);
        return -1;
    }
    net->sockets = watch_sockets_create(net->lws, &net->target, &options->tls, watch_signalled, net);
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
    watch_sockets_destroy(net->sockets);
    lws_context_destroy(net->lws);
    server_destroy(net->server);
    mailbox_destroy(net->orders, order_free);
    free(net);
}
