#pragma once
/*
 * TLS of libwebsockets' connections, websockets to the API server and what pods report: whom they trust and who they
 * are, in an SSL_CTX that libwebsockets made. Its own fields for that cannot be used (4.1.6): they take the first
 * certificate of a text only, so that a bundle of an old and a new CA or a chain is cut; without one of them it also
 * trusts a folder ../share; and two vhosts that differ in nothing it hashes share one SSL_CTX. So everything is put
 * there by us, and replaced there when it is renewed.
 */

#include <openssl/ssl.h>
#include <stdbool.h>

/* PEM texts, borrowed for the call they are given to. */
struct socket_certificates {
    const char *ca;                /* a bundle; NULL: the system's */
    const char *certificate, *key; /* a chain with the client's own first; NULL: none */
};

struct socket_tls; /* must live as long as connections are made with the SSL_CTX */

struct socket_tls *socket_tls_create(void);
void socket_tls_destroy(struct socket_tls *tls);

/* Makes connections of this SSL_CTX use what `tls` holds, now and after every later socket_tls_set. */
void socket_tls_attach(struct socket_tls *tls, SSL_CTX *ctx);

/* Handshakes from now on use these. Texts were checked before (pem.h); what cannot be read is left out. */
void socket_tls_set(struct socket_tls *tls, const struct socket_certificates *certificates);

/* Whether the server's certificate, already verified but for its name, is for this numeric address. */
bool socket_tls_is_for(SSL *connection, const char *address);
