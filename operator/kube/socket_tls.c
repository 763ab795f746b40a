#include "socket_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "../base/memory.h"

struct socket_tls {
    SSL_CTX *ctx;
    X509_STORE *trusted;
    X509 *certificate; /* NULL: none, and then no key either */
    EVP_PKEY *key;
    STACK_OF(X509) * chain; /* behind the certificate */
};

struct socket_tls *socket_tls_create(void)
{
    return xcalloc(1, sizeof(struct socket_tls));
}

static void forget(struct socket_tls *tls)
{
    X509_STORE_free(take(tls->trusted));
    X509_free(take(tls->certificate));
    EVP_PKEY_free(take(tls->key));
    sk_X509_pop_free(take(tls->chain), X509_free);
}

void socket_tls_destroy(struct socket_tls *tls)
{
    if (!tls)
        return;
    forget(tls);
    free(tls);
}

static X509_STORE *read_bundle(const char *pem)
{
    X509_STORE *store = X509_STORE_new();
    X509 *certificate;
    BIO *text;

    if (!pem) {
        X509_STORE_set_default_paths(store);
        return store;
    }
    text = BIO_new_mem_buf(pem, -1);
    while ((certificate = PEM_read_bio_X509(text, NULL, NULL, NULL))) {
        X509_STORE_add_cert(store, certificate);
        X509_free(certificate);
    }
    BIO_free(text);
    return store;
}

static void read_identity(struct socket_tls *tls, const char *chain, const char *key)
{
    BIO *chain_text = BIO_new_mem_buf(chain, -1), *key_text = BIO_new_mem_buf(key, -1);
    X509 *certificate;

    tls->certificate = PEM_read_bio_X509(chain_text, NULL, NULL, NULL);
    tls->key = PEM_read_bio_PrivateKey(key_text, NULL, NULL, NULL);
    tls->chain = sk_X509_new_null();
    while ((certificate = PEM_read_bio_X509(chain_text, NULL, NULL, NULL)))
        sk_X509_push(tls->chain, certificate);
    BIO_free(chain_text);
    BIO_free(key_text);
}

/* Called during a handshake in which the server asks for a certificate. */
static int present_identity(SSL *connection, void *context)
{
    struct socket_tls *tls = context;

    if (!tls->certificate || !tls->key)
        return 1;
    return SSL_use_cert_and_key(connection, tls->certificate, tls->key, tls->chain, 1);
}

static void trust(struct socket_tls *tls)
{
    if (!tls->ctx || !tls->trusted)
        return;
    X509_STORE_up_ref(tls->trusted);
    SSL_CTX_set_cert_store(tls->ctx, tls->trusted); /* takes a reference, drops the old store */
}

void socket_tls_attach(struct socket_tls *tls, SSL_CTX *ctx)
{
    tls->ctx = ctx;
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_cert_cb(ctx, present_identity, tls);
    trust(tls);
}

void socket_tls_set(struct socket_tls *tls, const struct socket_certificates *certificates)
{
    forget(tls);
    tls->trusted = read_bundle(certificates->ca);
    if (certificates->certificate && certificates->key)
        read_identity(tls, certificates->certificate, certificates->key);
    ERR_clear_error(); /* each text ends with "no more PEM", which later calls would take for theirs */
    trust(tls);
}

bool socket_tls_is_for(SSL *connection, const char *address)
{
    X509 *certificate = SSL_get_peer_certificate(connection);
    bool is_for = certificate && X509_check_ip_asc(certificate, address, 0) == 1;

    X509_free(certificate);
    return is_for;
}
