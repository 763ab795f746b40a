#include "certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "../base/memory.h"
#include "../base/strbuf.h"

enum { DAY = 86400, AUTHORITY_DAYS = 3650, SERVER_DAYS = 365, CLOCKS_DIFFER = 3600, SERIAL_BYTES = 16 };

void certificate_finish(struct certificate *certificate)
{
    free(certificate->pem);
    free(certificate->key);
    *certificate = (struct certificate){ 0 };
}

/* -- texts --------------------------------------------------------------------------------------------------------- */

static char *text_of(BIO *take_bio)
{
    char *bytes;
    long length = BIO_get_mem_data(take_bio, &bytes);
    char *text = xstrndup(bytes, (size_t)length);

    BIO_free(take_bio);
    return text;
}

static void write_out(X509 *take_certificate, EVP_PKEY *take_key, struct certificate *ret)
{
    BIO *certificate = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());

    if (PEM_write_bio_X509(certificate, take_certificate) != 1 ||
        PEM_write_bio_PrivateKey(key, take_key, NULL, NULL, 0, NULL, NULL) != 1)
        BUG("libcrypto writes no certificates");
    *ret = (struct certificate){ text_of(certificate), text_of(key) };
    X509_free(take_certificate);
    EVP_PKEY_free(take_key);
}

/* NULL when it is none. */
static X509 *read_certificate(const char *pem)
{
    BIO *text = pem ? BIO_new_mem_buf(pem, -1) : NULL;
    X509 *certificate = text ? PEM_read_bio_X509(text, NULL, NULL, NULL) : NULL;

    BIO_free(text);
    ERR_clear_error();
    return certificate;
}

static EVP_PKEY *read_key(const char *pem)
{
    BIO *text = pem ? BIO_new_mem_buf(pem, -1) : NULL;
    EVP_PKEY *key = text ? PEM_read_bio_PrivateKey(text, NULL, NULL, NULL) : NULL;

    BIO_free(text);
    ERR_clear_error();
    return key;
}

/* -- making them --------------------------------------------------------------------------------------------------- */

static void set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        BUG("no randomness");
    bytes[0] &= 0x7f; /* RFC 5280: positive */
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
}

static void extend(X509 *certificate, X509 *issuer, int what, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
    if (!extension)
        BUG("extension %s of a certificate: '%s'", OBJ_nid2sn(what), value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *make(const char *name, EVP_PKEY *key, int64_t now, int days)
{
    X509 *certificate = X509_new();

    X509_set_version(certificate, X509_VERSION_3);
    set_serial(certificate);
    ASN1_TIME_set(X509_getm_notBefore(certificate), now - CLOCKS_DIFFER);
    ASN1_TIME_set(X509_getm_notAfter(certificate), now + (int64_t)days * DAY);
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_pubkey(certificate, key);
    return certificate;
}

static EVP_PKEY *make_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    if (!key)
        BUG("libcrypto makes no P-256 keys");
    return key;
}

static void sign(X509 *certificate, EVP_PKEY *key)
{
    if (!X509_sign(certificate, key, EVP_sha256()))
        BUG("libcrypto signs no certificates");
}

void certificate_found(const char *name, int64_t now, struct certificate *ret)
{
    EVP_PKEY *key = make_key();
    X509 *certificate = make(name, key, now, AUTHORITY_DAYS);

    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    extend(certificate, certificate, NID_key_usage, "critical,keyCertSign");
    extend(certificate, certificate, NID_subject_key_identifier, "hash");
    sign(certificate, key);
    write_out(certificate, key, ret);
}

static bool is_address(const char *host)
{
    unsigned char address[16];

    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static X509 *issue(X509 *authority, EVP_PKEY *authority_key, EVP_PKEY *key, const char *host, int64_t now)
{
    X509 *certificate = make("kitae", key, now, SERVER_DAYS);
    auto_strbuf struct strbuf names = { 0 };

    strbuf_addf(&names, "%s:%s", is_address(host) ? "IP" : "DNS", host);
    X509_set_issuer_name(certificate, X509_get_subject_name(authority));
    extend(certificate, authority, NID_basic_constraints, "critical,CA:FALSE");
    extend(certificate, authority, NID_key_usage, "critical,digitalSignature");
    extend(certificate, authority, NID_ext_key_usage, "serverAuth");
    extend(certificate, authority, NID_authority_key_identifier, "keyid:always");
    extend(certificate, authority, NID_subject_alt_name, strbuf_text(&names));
    sign(certificate, authority_key);
    return certificate;
}

int certificate_issue(
    const struct certificate *authority, const char *host, int64_t now, struct certificate *ret, struct error *err)
{
    X509 *issuer = read_certificate(authority->pem);
    EVP_PKEY *issuer_key = read_key(authority->key);
    bool matches = issuer && issuer_key && X509_check_private_key(issuer, issuer_key) == 1;

    if (matches) {
        EVP_PKEY *key = make_key();

        write_out(issue(issuer, issuer_key, key, host, now), key, ret);
    }
    X509_free(issuer);
    EVP_PKEY_free(issuer_key);
    ERR_clear_error();
    return matches ? 0 : error_set(err, ERROR_INVALID, "the authority's certificate and key are no pair");
}

/* -- judging them -------------------------------------------------------------------------------------------------- */

static bool is_trusted(X509 *authority, X509 *certificate, int64_t at)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool trusted;

    X509_STORE_add_cert(store, authority);
    X509_STORE_CTX_init(context, store, certificate, NULL);
    X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), at);
    trusted = X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return trusted;
}

static bool is_for(X509 *certificate, const char *host)
{
    return is_address(host) ? X509_check_ip_asc(certificate, host, 0) == 1
                            : X509_check_host(certificate, host, 0, 0, NULL) == 1;
}

bool certificate_is_good(const struct certificate *authority,
                         const struct certificate *certificate,
                         const char *host,
                         int64_t at)
{
    X509 *issuer = read_certificate(authority->pem), *own = read_certificate(certificate->pem);
    EVP_PKEY *key = read_key(certificate->key);
    bool good = issuer && own && key && X509_check_private_key(own, key) == 1 && is_for(own, host) &&
                is_trusted(issuer, own, at);

    X509_free(issuer);
    X509_free(own);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return good;
}
