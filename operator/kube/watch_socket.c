#include "watch_socket.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>
#include <time.h>

#include "../base/memory.h"
#include "../base/strbuf.h"
#include "ws_message.h"

struct socket {
    struct socket *next, **link;
    struct watch_sockets *owner;
    struct lws *wsi;
    unsigned slot, serial;
    struct strbuf headers; /* name NUL value NUL ... */
    struct ws_message message;
    lws_sorted_usec_list_t deadline;
    bool opened;
    bool quiet; /* closed by us: no more signals */
    int status; /* of an answer that was no upgrade */
    unsigned retry_after_ms;
};

struct watch_sockets {
    struct lws_context *lws;
    struct lws_vhost *vhost;
    const struct watch_socket_server *server;
    const struct watch_socket_tls *tls; /* only while a vhost is being made */
    bool insecure;
    watch_socket_handler *handler;
    void *context;
    struct socket *sockets;
};

/* The ping that tells a dead peer: sent after so long without a word, and the end when it stays unanswered. */
static const lws_retry_bo_t validity = { .secs_since_valid_ping = 25, .secs_since_valid_hangup = 35 };

static void send_signal(struct socket *socket, struct watch_signal signal)
{
    signal.slot = socket->slot;
    signal.serial = socket->serial;
    if (!socket->quiet)
        socket->owner->handler(socket->owner->context, &signal);
}

static void free_socket(struct socket *socket)
{
    lws_sul_cancel(&socket->deadline);
    *socket->link = socket->next;
    if (socket->next)
        socket->next->link = socket->link;
    strbuf_finish(&socket->headers);
    ws_message_finish(&socket->message);
    free(socket);
}

/* -- TLS ---------------------------------------------------------------------------------------------------------- */

/*
 * libwebsockets' own fields take the first certificate of a text only (4.1.6), so a bundle of an old and a new CA, or a
 * chain, would be cut. All of it goes into the SSL_CTX here.
 */
static void load_ca(SSL_CTX *tls, const char *pem)
{
    BIO *text = BIO_new_mem_buf(pem, -1);
    X509 *certificate;

    while ((certificate = PEM_read_bio_X509(text, NULL, NULL, NULL))) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), certificate);
        X509_free(certificate);
    }
    BIO_free(text);
}

static void load_identity(SSL_CTX *tls, const char *certificates, const char *key)
{
    BIO *text = BIO_new_mem_buf(certificates, -1), *key_text = BIO_new_mem_buf(key, -1);
    X509 *certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
    EVP_PKEY *private = PEM_read_bio_PrivateKey(key_text, NULL, NULL, NULL);

    if (certificate && private) {
        SSL_CTX_use_certificate(tls, certificate);
        SSL_CTX_use_PrivateKey(tls, private);
    }
    X509_free(certificate);
    EVP_PKEY_free(private);
    while ((certificate = PEM_read_bio_X509(text, NULL, NULL, NULL)))
        SSL_CTX_add_extra_chain_cert(tls, certificate); /* taken */
    BIO_free(text);
    BIO_free(key_text);
}

static void load_tls(SSL_CTX *ctx, const struct watch_socket_tls *tls)
{
    if (!tls)
        return;
    if (tls->ca)
        load_ca(ctx, tls->ca);
    if (tls->certificate && tls->key)
        load_identity(ctx, tls->certificate, tls->key);
}

/* -- what libwebsockets tells ------------------------------------------------------------------------------------- */

static int add_headers(struct socket *socket, unsigned char **at, unsigned char *end)
{
    const char *text = strbuf_text(&socket->headers), *stop = text + socket->headers.length;

    while (text < stop) {
        const char *name = text, *value = name + strlen(name) + 1;

        if (lws_add_http_header_by_name(
                socket->wsi, (const unsigned char *)name, (const unsigned char *)value, (int)strlen(value), at, end))
            return -1;
        text = value + strlen(value) + 1;
    }
    return 0;
}

/* An answer that is no upgrade: its status and Retry-After are readable only now, its body never. */
static void note_refusal(struct socket *socket, struct lws *wsi)
{
    char text[64];

    socket->status = (int)lws_http_client_http_response(wsi);
    if (lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_RETRY_AFTER) > 0)
        socket->retry_after_ms = http_retry_after_ms(text, time(NULL));
}

static int received(struct socket *socket, struct lws *wsi, const void *piece, size_t length)
{
    bool last = lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi);
    struct slice message;

    switch (ws_message_add(&socket->message, piece, length, last, &message)) {
    case 1:
        send_signal(socket, (struct watch_signal){ .type = WATCH_MESSAGE, .message = message });
        return 0;
    case 0:
        return 0;
    default:
        return -1; /* closes the connection; the engine lists again */
    }
}

static void forget(struct socket *socket, struct lws *wsi)
{
    if (wsi)
        lws_set_wsi_user(wsi, NULL);
    free_socket(socket);
}

static void refused(struct socket *socket, struct lws *wsi, const char *reason)
{
    if (!socket->status && wsi)
        socket->status = (int)lws_http_client_http_response(wsi);
    send_signal(socket,
                (struct watch_signal){ .type = WATCH_CLOSED,
                                       .refused = true,
                                       .upgrade_refused = socket->status > 0,
                                       .http_status = socket->status,
                                       .retry_after_ms = socket->retry_after_ms,
                                       .problem = reason ? reason : "the connection failed" });
    forget(socket, wsi);
}

static void ended(struct socket *socket, struct lws *wsi)
{
    send_signal(socket, (struct watch_signal){ .type = WATCH_CLOSED, .problem = "the connection ended" });
    forget(socket, wsi);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct socket *socket = user;
    unsigned char **at = in;

    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_CLIENT_VERIFY_CERTS) {
        struct watch_sockets *sockets = lws_vhost_user(lws_get_vhost(wsi));

        load_tls(user, sockets ? sockets->tls : NULL);
        return 0;
    }
    if (!socket)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        socket->wsi = wsi;
        return add_headers(socket, at, *at + length);
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
        note_refusal(socket, wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        socket->wsi = wsi;
        socket->opened = true;
        send_signal(socket, (struct watch_signal){ .type = WATCH_OPENED });
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return received(socket, wsi, in, length);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        if (!socket->quiet)
            return 0;
        lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
        return -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        refused(socket, wsi, in);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        ended(socket, wsi);
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    { "watch", callback, 0, 64 * 1024, 0, NULL, 0 },
    { NULL, NULL, 0, 0, 0, NULL, 0 },
};

/* -- making and opening ------------------------------------------------------------------------------------------- */

void watch_sockets_tls(struct watch_sockets *sockets, const struct watch_socket_tls *tls)
{
    struct lws_context_creation_info info = { .port = CONTEXT_PORT_NO_LISTEN, .protocols = protocols, .user = sockets };

    info.vhost_name = "watch"; /* not copied: it must live as long as the vhost */
    info.alpn = "http/1.1";
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | (tls->ca ? LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS : 0);
    sockets->tls = tls;
    sockets->insecure = tls->insecure;
    sockets->vhost = lws_create_vhost(sockets->lws, &info);
    sockets->tls = NULL;
    if (!sockets->vhost)
        BUG("libwebsockets cannot make a vhost");
}

struct watch_sockets *watch_sockets_create(struct lws_context *lws,
                                           const struct watch_socket_server *server,
                                           const struct watch_socket_tls *tls,
                                           watch_socket_handler *handler,
                                           void *context)
{
    struct watch_sockets *sockets = xcalloc(1, sizeof(*sockets));

    *sockets = (struct watch_sockets){ .lws = lws, .server = server, .handler = handler, .context = context };
    watch_sockets_tls(sockets, tls);
    return sockets;
}

void watch_sockets_destroy(struct watch_sockets *sockets)
{
    if (!sockets)
        return;
    for (struct socket *socket = sockets->sockets; socket; socket = socket->next) {
        socket->quiet = true;
        if (socket->wsi)
            lws_set_wsi_user(socket->wsi, NULL);
    }
    while (sockets->sockets)
        free_socket(sockets->sockets);
    free(sockets);
}

static void deadline_passed(lws_sorted_usec_list_t *sul)
{
    struct socket *socket = lws_container_of(sul, struct socket, deadline);

    if (socket->wsi)
        lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

static struct socket *make_socket(struct watch_sockets *sockets, const struct watch_command *command)
{
    struct socket *socket = xcalloc(1, sizeof(*socket));

    *socket = (struct socket){ .owner = sockets, .slot = command->slot, .serial = command->serial };
    ws_message_init(&socket->message);
    socket->next = sockets->sockets;
    socket->link = &sockets->sockets;
    if (socket->next)
        socket->next->link = &socket->next;
    sockets->sockets = socket;
    return socket;
}

/* libwebsockets wants names with their colon, and copies nothing before the handshake is written. */
static void copy_headers(struct socket *socket, const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        strbuf_addf(&socket->headers, "%s:", headers[i].name);
        strbuf_addc(&socket->headers, '\0');
        strbuf_adds(&socket->headers, headers[i].value);
        strbuf_addc(&socket->headers, '\0');
    }
}

static int tls_flags(const struct watch_sockets *sockets)
{
    if (!sockets->server->tls)
        return 0;
    if (!sockets->insecure)
        return LCCSCF_USE_SSL;
    return LCCSCF_USE_SSL | LCCSCF_ALLOW_SELFSIGNED | LCCSCF_ALLOW_EXPIRED | LCCSCF_ALLOW_INSECURE |
           LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
}

static bool is_known(const struct watch_sockets *sockets, const struct socket *wanted)
{
    for (const struct socket *socket = sockets->sockets; socket; socket = socket->next)
        if (socket == wanted)
            return true;
    return false;
}

void watch_sockets_open(struct watch_sockets *sockets,
                        const struct watch_command *command,
                        const char *address,
                        const struct http_header *headers,
                        size_t header_count)
{
    struct socket *socket = make_socket(sockets, command);
    auto_strbuf struct strbuf path = { 0 };
    struct lws_client_connect_info info = { .context = sockets->lws, .vhost = sockets->vhost };
    struct lws *wsi;

    strbuf_addf(&path, "%s%s", sockets->server->prefix, command->path);
    copy_headers(socket, headers, header_count);
    info.address = address;
    info.port = (int)sockets->server->port;
    info.path = strbuf_text(&path);
    info.host = info.origin = sockets->server->host;
    info.ssl_connection = tls_flags(sockets);
    info.alpn = "http/1.1";
    info.local_protocol_name = protocols[0].name;
    info.retry_and_idle_policy = &validity;
    info.userdata = socket;
    lws_sul_schedule(
        sockets->lws, 0, &socket->deadline, deadline_passed, (lws_usec_t)command->timeout_ms * LWS_US_PER_MS);
    wsi = lws_client_connect_via_info(&info);
    if (wsi)
        socket->wsi = wsi;
    else if (is_known(sockets, socket)) /* else the error callback was called, and the socket is gone */
        refused(socket, NULL, "libwebsockets cannot connect");
}

void watch_sockets_close(struct watch_sockets *sockets, unsigned slot, unsigned serial)
{
    for (struct socket *socket = sockets->sockets; socket; socket = socket->next) {
        if (socket->slot != slot || socket->serial != serial || socket->quiet)
            continue;
        socket->quiet = true;
        if (socket->wsi && socket->opened)
            lws_callback_on_writable(socket->wsi);
        else if (socket->wsi)
            lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
        return;
    }
}
