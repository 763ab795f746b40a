#pragma once
/* SHA-256 as it is fed, and HMAC with it (RFC 2104). */

#include <openssl/evp.h>
#include <stdint.h>

#include "../operator/base/error.h"
#include "../operator/base/slice.h"

enum { SHA256_BYTES = 32, SHA256_HEX = 65, SHA256_BASE64 = 45 /* the last two with the NUL */ };

struct sha256 {
    EVP_MD_CTX *context;
};

void sha256_start(struct sha256 *hash); /* also to begin anew */
void sha256_add(struct sha256 *hash, const void *bytes, size_t length);
void sha256_end(struct sha256 *hash, char ret_hex[SHA256_HEX]); /* frees; start it to use it again */
void sha256_drop(struct sha256 *hash);                          /* frees without a result; a zeroed one is fine */

void sha256_hex(struct slice text, char ret_hex[SHA256_HEX]);

/* Of at most `length` bytes of a file; *ret_read says how many there were. -1 when it cannot be read: errno. */
int sha256_file(int fd, uint64_t from, uint64_t length, uint64_t *ret_read, char ret_hex[SHA256_HEX]) must_check;

void sha256_bytes(const char *hex, unsigned char ret[SHA256_BYTES]); /* hex: one that is_sha256; so below */
void sha256_base64(const char *hex, char ret[SHA256_BASE64]);        /* as S3 writes it */
bool is_sha256(const char *text);                                    /* 64 hexadecimal digits, in lower case */
void hmac_sha256(struct slice key, struct slice text, unsigned char ret[SHA256_BYTES]);
void hex_of(const unsigned char *bytes, size_t length, char *ret_hex); /* 2 * length + 1 characters */
