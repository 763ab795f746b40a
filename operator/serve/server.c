#include "server.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/memory.h"
#include "../base/strbuf.h"
#include "listen.h"

/* One connection's answer. The struct is libwebsockets' per-session memory, zeroed. */
struct session {
    struct session *next; /* among those that wait for metrics */
    struct lws *wsi;
    char *text; /* NULL: nothing to say yet */
    int status;
    bool waits, head_sent;
};

struct server {
    struct health *health;
    server_wants_metrics *wants;
    void *context;
    struct session *waiting;
    struct listen_address address;
};

static int64_t boot_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void answer(struct session *session, int status, const char *text)
{
    free(session->text);
    session->text = xstrdup(text);
    session->status = status;
    lws_callback_on_writable(session->wsi);
}

static void wait_for_metrics(struct server *server, struct session *session)
{
    session->waits = true;
    session->next = server->waiting;
    server->waiting = session;
    server->wants(server->context);
}

static void stop_waiting(struct server *server, struct session *session)
{
    struct session **link = &server->waiting;

    while (*link && *link != session)
        link = &(*link)->next;
    if (*link)
        *link = session->next;
    session->waits = false;
}

void server_metrics(struct server *server, const char *text)
{
    while (server->waiting) {
        struct session *session = server->waiting;

        stop_waiting(server, session);
        answer(session, HTTP_STATUS_OK, text);
    }
}

static void asked(struct server *server, struct session *session, const char *path)
{
    char text[320];

    if (strcmp(path, "/metrics") == 0) {
        wait_for_metrics(server, session);
    } else if (strcmp(path, "/healthz") == 0) {
        int status = health_alive(server->health, boot_ms(), text, sizeof(text));

        answer(session, status ? HTTP_STATUS_SERVICE_UNAVAILABLE : HTTP_STATUS_OK, text);
    } else if (strcmp(path, "/readyz") == 0) {
        int status = health_ready(server->health, text, sizeof(text));

        answer(session, status ? HTTP_STATUS_SERVICE_UNAVAILABLE : HTTP_STATUS_OK, text);
    } else {
        answer(session, HTTP_STATUS_NOT_FOUND, "there are /healthz, /readyz and /metrics");
    }
}

static int send_head(struct session *session)
{
    unsigned char buffer[LWS_PRE + 1024], *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof(buffer);

    if (lws_add_http_common_headers(session->wsi,
                                    (unsigned)session->status,
                                    "text/plain; version=0.0.4; charset=utf-8",
                                    strlen(session->text) + 1,
                                    &at,
                                    end) ||
        lws_finalize_write_http_header(session->wsi, start, &at, end))
        return -1;
    session->head_sent = true;
    lws_callback_on_writable(session->wsi);
    return 0;
}

static int send_body(struct session *session)
{
    size_t length = strlen(session->text);
    auto_free unsigned char *buffer = xcalloc(1, LWS_PRE + length + 1);
    bool failed;

    memcpy(buffer + LWS_PRE, session->text, length);
    buffer[LWS_PRE + length] = '\n';
    free(take(session->text));
    failed = lws_write(session->wsi, buffer + LWS_PRE, length + 1, LWS_WRITE_HTTP_FINAL) < 0;
    session->head_sent = false;
    return failed || lws_http_transaction_completed(session->wsi) ? -1 : 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct server *server = lws_get_vhost(wsi) ? lws_vhost_user(lws_get_vhost(wsi)) : NULL;
    struct session *session = user;

    switch (reason) {
    case LWS_CALLBACK_HTTP:
        session->wsi = wsi;
        if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI))
            asked(server, session, in);
        else if (!lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI))
            return -1;
        return 0; /* the body of a POST is read before it is answered */
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        answer(session, HTTP_STATUS_METHOD_NOT_ALLOWED, "only GET is answered");
        return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        if (!session || !session->text)
            return 0;
        return session->head_sent ? send_body(session) : send_head(session);
    case LWS_CALLBACK_CLOSED_HTTP:
        if (session && session->waits)
            stop_waiting(server, session);
        if (session)
            free(take(session->text));
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, length);
    }
}

static const struct lws_protocols protocols[] = {
    { "http", callback, sizeof(struct session), 0, 0, NULL, 0 },
    { NULL, NULL, 0, 0, 0, NULL, 0 },
};

int server_create(struct lws_context *lws,
                  const char *listen,
                  struct health *health,
                  server_wants_metrics *wants,
                  void *context,
                  struct server **ret,
                  struct error *err)
{
    struct lws_context_creation_info info = { .protocols = protocols, .vhost_name = "serve" };
    struct server *server = xcalloc(1, sizeof(*server));

    *server = (struct server){ .health = health, .wants = wants, .context = context };
    if (listen_parse(listen, "listen", &server->address, err) < 0) {
        free(server);
        return -1;
    }
    info.port = server->address.port;
    info.iface = *server->address.address ? server->address.address : NULL;
    info.user = server;
    if (!lws_create_vhost(lws, &info)) {
        free(server);
        return error_set(
            err, ERROR_INVALID, "cannot listen at %s: is the port taken? Choose another with --listen", listen);
    }
    *ret = server;
    return 0;
}

void server_destroy(struct server *server)
{
    free(server);
}
