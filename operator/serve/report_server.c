#include "report_server.h"

#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/strbuf.h"
#include "../engine/log.h"
#include "../engine/reports.h"
#include "../kube/socket_tls.h"
#include "listen.h"

enum {
    MAX_CONNECTIONS = 64, /* the watches share the context's table of files */
    PATIENCE_SECONDS = 10,
    MAX_TOKEN = 16 * 1024,
};

/* One connection. The struct is libwebsockets' per-session memory, zeroed. */
struct session {
    struct session *next; /* among those that wait for an answer */
    struct lws *wsi;
    struct strbuf body;
    uint64_t id; /* 0: nothing was asked yet */
    const char *text;
    int status; /* 0: no answer yet */
    unsigned retry_after;
    bool head_sent;
};

struct report_server {
    struct lws_context *lws;
    struct listen_address address;
    report_handler *came;
    void *context;
    struct lws_vhost *vhost; /* NULL before the first certificate */
    struct socket_tls *tls;
    struct session *waiting;
    uint64_t last_id;
    unsigned connections;
};

/* -- answers ------------------------------------------------------------------------------------------------------- */

static void answer(struct session *session, int status, unsigned retry_after, const char *text)
{
    session->status = status;
    session->retry_after = retry_after;
    session->text = text;
    lws_callback_on_writable(session->wsi);
}

static void stop_waiting(struct report_server *server, struct session *session)
{
    struct session **link = &server->waiting;

    while (*link && *link != session)
        link = &(*link)->next;
    if (*link)
        *link = session->next;
}

void report_server_answer(struct report_server *server, uint64_t id, int status, unsigned retry_after, const char *text)
{
    struct session *session = server->waiting;

    while (session && session->id != id)
        session = session->next;
    if (!session)
        return;
    stop_waiting(server, session);
    answer(session, status, retry_after, text);
}

static int add_retry_after(struct session *session, unsigned char **at, unsigned char *end)
{
    char seconds[16];
    int length = snprintf(seconds, sizeof(seconds), "%u", session->retry_after);

    if (!session->retry_after)
        return 0;
    return lws_add_http_header_by_name(
        session->wsi, (const unsigned char *)"retry-after:", (const unsigned char *)seconds, length, at, end);
}

static int send_head(struct session *session)
{
    unsigned char buffer[LWS_PRE + 1024], *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof(buffer);

    if (lws_add_http_common_headers(
            session->wsi, (unsigned)session->status, "text/plain; charset=utf-8", strlen(session->text), &at, end) ||
        add_retry_after(session, &at, end) || lws_finalize_write_http_header(session->wsi, start, &at, end))
        return -1;
    session->head_sent = true;
    if (!*session->text)
        return lws_http_transaction_completed(session->wsi) ? -1 : 0;
    lws_callback_on_writable(session->wsi);
    return 0;
}

static int send_body(struct session *session)
{
    unsigned char buffer[LWS_PRE + 256];
    size_t length = strlen(session->text);

    if (length > sizeof(buffer) - LWS_PRE)
        BUG("an answer of %zu bytes", length);
    memcpy(buffer + LWS_PRE, session->text, length);
    return lws_write(session->wsi, buffer + LWS_PRE, length, LWS_WRITE_HTTP_FINAL) < 0 ||
                   lws_http_transaction_completed(session->wsi)
               ? -1
               : 0;
}

/* -- what comes in ------------------------------------------------------------------------------------------------- */

static void begin(struct session *session, struct lws *wsi, const char *path)
{
    strbuf_finish(&session->body);
    *session = (struct session){ .wsi = wsi, .body.maximum = REPORT_MAX };
    if (!lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI))
        answer(session, HTTP_STATUS_METHOD_NOT_ALLOWED, 0, "reports are sent by POST");
    else if (strcmp(path, "/reports") != 0)
        answer(session, HTTP_STATUS_NOT_FOUND, 0, "there is /reports");
}

static const char *token_of(struct lws *wsi, char *buffer, int size)
{
    static const char scheme[] = "Bearer ";
    int length = lws_hdr_copy(wsi, buffer, size, WSI_TOKEN_HTTP_AUTHORIZATION);

    if (length <= 0 || strncasecmp(buffer, scheme, sizeof(scheme) - 1) != 0)
        return "";
    return buffer + sizeof(scheme) - 1;
}

static void complete(struct report_server *server, struct session *session)
{
    auto_free char *token = xcalloc(1, MAX_TOKEN);

    if (session->status)
        return;
    if (session->body.overflow) {
        answer(session, HTTP_STATUS_REQ_ENTITY_TOO_LARGE, 0, "a report has at most 4096 bytes");
        return;
    }
    session->id = ++server->last_id;
    session->next = server->waiting;
    server->waiting = session;
    server->came(server->context,
                 session->id,
                 token_of(session->wsi, token, MAX_TOKEN),
                 strbuf_text(&session->body),
                 session->body.length);
    strbuf_finish(&session->body);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct lws_vhost *vhost = wsi ? lws_get_vhost(wsi) : NULL;
    struct report_server *server = vhost ? lws_vhost_user(vhost) : NULL;
    struct session *session = user;

    switch (reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        socket_tls_attach(server->tls, user);
        return 0;
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return server->connections >= MAX_CONNECTIONS;
    case LWS_CALLBACK_WSI_CREATE:
        server->connections++;
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        server->connections -= server->connections > 0;
        return 0;
    case LWS_CALLBACK_HTTP:
        begin(session, wsi, in);
        lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, PATIENCE_SECONDS);
        return 0;
    case LWS_CALLBACK_HTTP_BODY:
        strbuf_append(&session->body, in, length);
        return 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        complete(server, session);
        return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        if (!session || !session->status)
            return 0;
        return session->head_sent ? send_body(session) : send_head(session);
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL: /* always; CLOSED_HTTP does not come when we end it ourselves (4.1.6) */
    case LWS_CALLBACK_CLOSED_HTTP:
        if (session && server) {
            stop_waiting(server, session);
            strbuf_finish(&session->body);
        }
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, length);
    }
}

/* -- the server ---------------------------------------------------------------------------------------------------- */

static const struct lws_protocols protocols[] = {
    { "reports", callback, sizeof(struct session), 0, 0, NULL, 0 },
    { NULL, NULL, 0, 0, 0, NULL, 0 },
};

int report_server_create(struct lws_context *lws,
                         const char *listen,
                         report_handler *came,
                         void *context,
                         struct report_server **ret,
                         struct error *err)
{
    struct report_server *server = xcalloc(1, sizeof(*server));

    *server = (struct report_server){ .lws = lws, .came = came, .context = context };
    if (listen_parse(listen, "report-listen", &server->address, err) < 0) {
        free(server);
        return -1;
    }
    server->tls = socket_tls_create();
    *ret = server;
    return 0;
}

void report_server_destroy(struct report_server *server)
{
    if (!server)
        return;
    socket_tls_destroy(server->tls);
    free(server);
}

/* What it is given here only makes it speak TLS: each handshake takes what socket_tls holds by then. */
static struct lws_vhost *make_vhost(struct report_server *server, const char *certificate, const char *key)
{
    struct lws_context_creation_info info = { .protocols = protocols, .vhost_name = "reports", .user = server };

    info.port = server->address.port;
    info.iface = *server->address.address ? server->address.address : NULL;
    info.alpn = "http/1.1";
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.server_ssl_cert_mem = certificate;
    info.server_ssl_cert_mem_len = (unsigned)strlen(certificate) + 1;
    info.server_ssl_private_key_mem = key;
    info.server_ssl_private_key_mem_len = (unsigned)strlen(key) + 1;
    info.keepalive_timeout = PATIENCE_SECONDS;
    return lws_create_vhost(server->lws, &info);
}

void report_server_certificate(struct report_server *server, const char *certificate, const char *key)
{
    struct socket_certificates pair = { certificate, certificate, key }; /* nobody is trusted: clients show tokens */

    socket_tls_set(server->tls, &pair);
    if (!server->vhost)
        server->vhost = make_vhost(server, certificate, key);
    if (!server->vhost)
        log_error("reports cannot be listened for: is the port taken? Choose another with --report-listen",
                  KV_INT("port", server->address.port));
}
