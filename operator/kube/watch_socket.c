#include "watch_socket.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/memory.h"
#include "../base/strbuf.h"
#include "ws_message.h"

enum {
    RX_BUFFER = 64 * 1024,
    HANDSHAKE_BUFFER = 64 * 1024, /* a token of 32 KiB must fit */
    CONNECT_SECONDS = 15,
    CLOSE_SECONDS = 5, /* for our Close to be answered */
};

struct socket {
    struct socket *next, **link;
    struct watch_sockets *owner;
    struct lws *wsi;
    unsigned slot, serial;
    struct strbuf headers; /* name NUL value NUL ... */
    struct ws_message message;
    lws_sorted_usec_list_t deadline;
    bool asked; /* the upgrade was sent */
    bool opened;
    bool over;  /* no more signals: WATCH_CLOSED was sent, or nobody wants it */
    int status; /* of an answer that was no upgrade */
    unsigned retry_after_ms;
    char problem[160]; /* "": none that we know */
};

struct watch_sockets {
    struct lws_context *lws;
    struct lws_vhost *vhost;
    const struct watch_socket_server *server;
    struct strbuf origin;
    struct socket_tls *tls;
    watch_socket_handler *handler;
    void *context;
    struct socket *sockets;
    bool mute;
};

/* The ping that finds a dead peer: sent after so long without a word, and the end when it stays unanswered. */
static const lws_retry_bo_t validity = { .secs_since_valid_ping = 25, .secs_since_valid_hangup = 35 };

/* -- sockets and their signals ------------------------------------------------------------------------------------ */

static struct socket *make_socket(struct watch_sockets *sockets, const struct watch_command *command)
{
    struct socket *socket = xcalloc(1, sizeof(*socket));

    *socket = (struct socket){ .owner = sockets, .slot = command->slot, .serial = command->serial };
    socket->next = sockets->sockets;
    socket->link = &sockets->sockets;
    if (socket->next)
        socket->next->link = &socket->next;
    sockets->sockets = socket;
    return socket;
}

static void free_socket(struct socket *socket)
{
    lws_sul_cancel(&socket->deadline);
    if (socket->wsi)
        lws_set_wsi_user(socket->wsi, NULL);
    *socket->link = socket->next;
    if (socket->next)
        socket->next->link = socket->link;
    strbuf_finish(&socket->headers);
    ws_message_finish(&socket->message);
    free(socket);
}

static bool send_signal(struct socket *socket, struct watch_signal signal, char *take_text)
{
    struct watch_sockets *sockets = socket->owner;

    if (sockets->mute) {
        free(take_text);
        return true;
    }
    signal.slot = socket->slot;
    signal.serial = socket->serial;
    if (!socket->over)
        return sockets->handler(sockets->context, &signal, take_text);
    free(take_text);
    return true;
}

static void set_problem(struct socket *socket, const char *problem)
{
    if (!*socket->problem)
        snprintf(socket->problem, sizeof(socket->problem), "%s", problem);
}

/* The last signal of a socket. */
static void send_closed(struct socket *socket)
{
    struct watch_signal signal = { .type = WATCH_CLOSED, .problem = socket->problem };

    set_problem(socket, "the connection ended");
    if (!socket->opened) {
        signal.refused = true;
        signal.upgrade_refused = socket->asked || socket->status; /* some proxies just hang up */
        signal.http_status = socket->status;
        signal.retry_after_ms = socket->retry_after_ms;
    }
    send_signal(socket, signal, NULL);
    socket->over = true;
}

/* Ends the connection, politely if it is a websocket by now. The socket is freed when libwebsockets says so. */
static void hang_up(struct socket *socket)
{
    socket->over = true;
    if (!socket->wsi)
        return;
    if (socket->opened)
        lws_callback_on_writable(socket->wsi);
    lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_REASON_BASE, socket->opened ? CLOSE_SECONDS : LWS_TO_KILL_ASYNC);
}

static void deadline_passed(lws_sorted_usec_list_t *sul)
{
    struct socket *socket = lws_container_of(sul, struct socket, deadline);

    set_problem(socket, "our own deadline has passed");
    send_closed(socket);
    hang_up(socket);
}

/* -- what libwebsockets tells ------------------------------------------------------------------------------------- */

/* Before a word of ours is sent: the last moment to look at whom we talk to. */
static bool is_right_server(const struct socket *socket)
{
    const struct watch_socket_server *server = socket->owner->server;

    return !server->tls || server->insecure || !server->ipv6_address ||
           socket_tls_is_for(lws_get_ssl(socket->wsi), server->ipv6_address);
}

static int add_headers(struct socket *socket, unsigned char **at, unsigned char *end)
{
    const char *text = strbuf_text(&socket->headers), *stop = text + socket->headers.length;

    if (!is_right_server(socket)) {
        set_problem(socket, "the server's certificate is for another address");
        return -1;
    }
    while (text < stop) {
        const char *name = text, *value = name + strlen(name) + 1;
        int length = (int)strlen(value);

        if (lws_add_http_header_by_name(
                socket->wsi, (const unsigned char *)name, (const unsigned char *)value, length, at, end)) {
            set_problem(socket, "the headers are too long for libwebsockets");
            return -1;
        }
        text = value + length + 1;
    }
    strbuf_finish(&socket->headers); /* a token is in them */
    socket->asked = true;
    return 0;
}

/* An answer that is no upgrade: its status and Retry-After are readable only now, its body never. */
static void note_refusal(struct socket *socket, struct lws *wsi)
{
    char text[64];

    socket->status = (int)lws_http_client_http_response(wsi);
    snprintf(text, sizeof(text), "the server answered %d, and not with a websocket", socket->status);
    if (socket->status != 101)
        set_problem(socket, text);
    if (lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_RETRY_AFTER) > 0)
        socket->retry_after_ms = http_retry_after_ms(text, time(NULL));
}

static int send_message(struct socket *socket)
{
    struct watch_signal signal = { .type = WATCH_MESSAGE };
    char *text = ws_message_take(&socket->message, &signal.message.length);

    signal.message.data = text;
    if (send_signal(socket, signal, text))
        return 0;
    set_problem(socket, "events came faster than they could be worked on");
    return -1;
}

/* Less than 0 closes the connection. */
static int received(struct socket *socket, struct lws *wsi, const void *piece, size_t length)
{
    switch (ws_message_add(
        &socket->message, piece, length, lws_remaining_packet_payload(wsi), lws_is_final_fragment(wsi))) {
    case WS_MESSAGE_WHOLE:
        return send_message(socket);
    case WS_MESSAGE_TOO_LARGE:
        set_problem(socket, "an event is too large");
        return -1;
    default:
        return 0;
    }
}

/* Nothing but the end follows; libwebsockets may take seconds over it. */
static void peer_closes(struct socket *socket, const unsigned char *code, size_t length)
{
    if (length >= 2)
        snprintf(socket->problem, sizeof(socket->problem), "closed by the server, code %d", code[0] << 8 | code[1]);
    send_closed(socket);
}

static int close_if_over(struct socket *socket, struct lws *wsi)
{
    if (!socket->over)
        return 0;
    lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
    return -1;
}

static void failed(struct socket *socket, const char *reason)
{
    if (reason)
        set_problem(socket, reason);
    set_problem(socket, "the connection failed");
    send_closed(socket);
    free_socket(socket);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct socket *socket = user;
    unsigned char **at = in;

    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return socket ? add_headers(socket, at, *at + length) : -1;
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
        if (socket)
            note_refusal(socket, wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        if (socket) {
            socket->opened = true;
            send_signal(socket, (struct watch_signal){ .type = WATCH_OPENED }, NULL);
        }
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return socket ? received(socket, wsi, in, length) : -1;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        if (socket)
            peer_closes(socket, in, length);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return socket ? close_if_over(socket, wsi) : -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (socket)
            failed(socket, reason == LWS_CALLBACK_CLIENT_CLOSED ? "the connection broke" : in);
        return 0;
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_CLIENT_VERIFY_CERTS:
        socket_tls_attach(((struct watch_sockets *)lws_vhost_user(lws_get_vhost(wsi)))->tls, user);
        return 0;
    default:
        return 0; /* of other callbacks, `user` may be something else */
    }
}

static const struct lws_protocols protocols[] = {
    { "watch", callback, 0, RX_BUFFER, 0, NULL, 0 },
    { NULL, NULL, 0, 0, 0, NULL, 0 },
};

/* -- making and opening ------------------------------------------------------------------------------------------- */

void watch_sockets_context(struct lws_context_creation_info *info)
{
    info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                     LWS_SERVER_OPTION_JUST_USE_RAW_ORIGIN; /* else Origin is always http:// */
    info->pt_serv_buf_size = HANDSHAKE_BUFFER;
    info->max_http_header_data = 16 * 1024; /* of an answer that is no upgrade */
    info->fd_limit_per_thread = 256;        /* else its tables follow the limit of open files */
    info->timeout_secs = CONNECT_SECONDS;
}

static struct lws_vhost *make_vhost(struct watch_sockets *sockets)
{
    struct lws_context_creation_info info = { .port = CONTEXT_PORT_NO_LISTEN, .protocols = protocols, .user = sockets };

    info.vhost_name = "watch";
    info.alpn = "http/1.1";
    info.http_proxy_address = "none:0"; /* port 0: no proxy, whatever $http_proxy says */
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
    return lws_create_vhost(sockets->lws, &info);
}

struct watch_sockets *watch_sockets_create(struct lws_context *lws,
                                           const struct watch_socket_server *server,
                                           const struct socket_certificates *certificates,
                                           watch_socket_handler *handler,
                                           void *context)
{
    struct watch_sockets *sockets = xcalloc(1, sizeof(*sockets));

    *sockets = (struct watch_sockets){ .lws = lws, .server = server, .handler = handler, .context = context };
    strbuf_addf(&sockets->origin, "%s://%s", server->tls ? "https" : "http", server->authority);
    sockets->tls = socket_tls_create();
    socket_tls_set(sockets->tls, certificates);
    sockets->vhost = make_vhost(sockets);
    if (!sockets->vhost)
        BUG("libwebsockets cannot make a vhost");
    return sockets;
}

bool watch_sockets_stop(struct watch_sockets *sockets)
{
    for (struct socket *socket = sockets->sockets; socket; socket = socket->next)
        if (!socket->over)
            hang_up(socket);
    return !sockets->sockets;
}

void watch_sockets_mute(struct watch_sockets *sockets)
{
    if (sockets)
        sockets->mute = true;
}

void watch_sockets_destroy(struct watch_sockets *sockets)
{
    if (!sockets)
        return;
    while (sockets->sockets) {
        struct socket *socket = sockets->sockets;

        socket->wsi = NULL; /* it went with the context, and so did the list of deadlines */
        memset(&socket->deadline, 0, sizeof(socket->deadline));
        free_socket(socket);
    }
    socket_tls_destroy(sockets->tls);
    strbuf_finish(&sockets->origin);
    free(sockets);
}

void watch_sockets_certificates(struct watch_sockets *sockets, const struct socket_certificates *certificates)
{
    socket_tls_set(sockets->tls, certificates);
}

/* libwebsockets wants names with their colon, and asks for headers when it is connected. */
static void copy_headers(struct socket *socket, const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        strbuf_addf(&socket->headers, "%s:", headers[i].name);
        strbuf_addc(&socket->headers, '\0');
        strbuf_adds(&socket->headers, headers[i].value);
        strbuf_addc(&socket->headers, '\0');
    }
}

static int connection_flags(const struct watch_socket_server *server)
{
    int flags = LCCSCF_HTTP_NO_FOLLOW_REDIRECT;

    if (!server->tls)
        return flags;
    if (server->ipv6_address)
        flags |= LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK; /* see is_right_server */
    if (server->insecure)
        flags |= LCCSCF_ALLOW_SELFSIGNED | LCCSCF_ALLOW_EXPIRED | LCCSCF_ALLOW_INSECURE |
                 LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
    return flags | LCCSCF_USE_SSL;
}

static bool connect_socket(struct socket *socket, const char *address, const char *path)
{
    struct watch_sockets *sockets = socket->owner;
    struct lws_client_connect_info info = { .context = sockets->lws, .vhost = sockets->vhost };

    info.address = address;
    info.port = (int)sockets->server->port;
    info.path = path;
    info.host = sockets->server->authority;
    info.origin = strbuf_text(&sockets->origin);
    info.ssl_connection = connection_flags(sockets->server);
    info.alpn = "http/1.1";
    info.local_protocol_name = protocols[0].name;
    info.retry_and_idle_policy = &validity;
    info.userdata = socket;
    info.pwsi = &socket->wsi;
    return lws_client_connect_via_info(&info) != NULL;
}

void watch_sockets_open(struct watch_sockets *sockets,
                        const struct watch_command *command,
                        const char *address,
                        const struct http_header *headers,
                        size_t header_count)
{
    struct socket *socket = make_socket(sockets, command);
    auto_strbuf struct strbuf path = { 0 };

    strbuf_addf(&path, "%s%s", sockets->server->prefix, command->path);
    if (path.length > WATCH_SOCKET_MAX_PATH || strlen(sockets->server->authority) > WATCH_SOCKET_MAX_AUTHORITY) {
        socket->status = 414; /* as a server would say: so that chunked HTTP is tried */
        failed(socket, "the selector or the server's name is too long for a websocket");
        return;
    }
    copy_headers(socket, headers, header_count);
    lws_sul_schedule(
        sockets->lws, 0, &socket->deadline, deadline_passed, (lws_usec_t)command->timeout_ms * LWS_US_PER_MS);
    if (!connect_socket(socket, address, strbuf_text(&path))) {
        socket->wsi = NULL;
        failed(socket, "the connection failed at once");
    }
}

void watch_sockets_close(struct watch_sockets *sockets, unsigned slot, unsigned serial)
{
    for (struct socket *socket = sockets->sockets; socket; socket = socket->next) {
        if (socket->slot != slot || socket->serial != serial || socket->over)
            continue;
        hang_up(socket);
        return;
    }
}
