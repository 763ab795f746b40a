#include "pem.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

static void free_bio(BIO **bio)
{
    BIO_free(*bio);
}

static void free_infos(STACK_OF(X509_INFO) * *infos)
{
    sk_X509_INFO_pop_free(*infos, X509_INFO_free);
}

static void free_certificate(X509 **certificate)
{
    X509_free(*certificate);
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

#define auto_bio         __attribute__((cleanup(free_bio)))
#define auto_infos       __attribute__((cleanup(free_infos)))
#define auto_certificate __attribute__((cleanup(free_certificate)))
#define auto_key         __attribute__((cleanup(free_key)))

/* Without it OpenSSL would ask the terminal. */
static int no_password(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

static BIO *open_text(const char *text)
{
    size_t length = strlen(text);
    BIO *bio = length < INT_MAX ? BIO_new_mem_buf(text, (int)length) : NULL;

    if (!bio)
        BUG("cannot make a BIO");
    return bio;
}

/* OpenSSL keeps a queue of errors per thread; what is not ours to report must not be left for others to find. */
static int fail(struct error *err, const char *problem)
{
    ERR_clear_error();
    return error_set(err, ERROR_INVALID, "%s", problem);
}

int pem_check_bundle(const char *text, struct error *err)
{
    auto_bio BIO *bio = open_text(text);
    auto_infos STACK_OF(X509_INFO) *infos = PEM_X509_INFO_read_bio(bio, NULL, no_password, NULL);

    if (!strstr(text, "-----BEGIN "))
        return fail(err, "is not in PEM form (-----BEGIN CERTIFICATE-----)");
    if (!infos)
        return fail(err, "has a certificate that is damaged");
    for (int i = 0; i < sk_X509_INFO_num(infos); i++)
        if (sk_X509_INFO_value(infos, i)->x509)
            return 0;
    return fail(err, "has no certificate in it");
}

int pem_check_pair(const char *certificate, const char *key, struct error *err)
{
    auto_bio BIO *certificate_bio = open_text(certificate);
    auto_bio BIO *key_bio = open_text(key);
    auto_certificate X509 *first = PEM_read_bio_X509(certificate_bio, NULL, no_password, NULL);
    auto_key EVP_PKEY *private = PEM_read_bio_PrivateKey(key_bio, NULL, no_password, NULL);

    if (!first)
        return fail(err, "the client certificate is not a certificate in PEM form");
    if (!private && strstr(key, "ENCRYPTED"))
        return fail(err, "the client key is encrypted: it must be without a password");
    if (!private)
        return fail(err, "the client key is not a private key in PEM form");
    if (X509_check_private_key(first, private) != 1)
        return fail(err, "the client certificate and the client key do not belong together");
    return 0;
}

bool pem_has_expired(const char *certificate, char ret_end[static 32])
{
    auto_bio BIO *bio = open_text(certificate);
    auto_bio BIO *printed = BIO_new(BIO_s_mem());
    auto_certificate X509 *first = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    const ASN1_TIME *end = first ? X509_get0_notAfter(first) : NULL;
    int length;

    if (!end || X509_cmp_time(end, NULL) >= 0) /* 0: no time, which is for the server to judge */
        return false;
    ASN1_TIME_print(printed, end);
    length = BIO_read(printed, ret_end, 31);
    ret_end[length > 0 ? length : 0] = '\0';
    return true;
}
