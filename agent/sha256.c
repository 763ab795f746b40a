#include "sha256.h"

#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../operator/base/memory.h"

enum { PIECE = 64 * 1024 };

void hex_of(const unsigned char *bytes, size_t length, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_hex[2 * length] = '\0';
}

void sha256_start(struct sha256 *hash)
{
    if (!hash->context)
        hash->context = EVP_MD_CTX_new();
    if (!hash->context || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1)
        BUG("no SHA-256");
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t length)
{
    if (EVP_DigestUpdate(hash->context, bytes, length) != 1)
        BUG("SHA-256 cannot be fed");
}

void sha256_end(struct sha256 *hash, char ret_hex[SHA256_HEX])
{
    unsigned char bytes[SHA256_BYTES];

    if (EVP_DigestFinal_ex(hash->context, bytes, NULL) != 1)
        BUG("SHA-256 cannot end");
    hex_of(bytes, sizeof(bytes), ret_hex);
    sha256_drop(hash);
}

void sha256_drop(struct sha256 *hash)
{
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
}

void sha256_hex(struct slice text, char ret_hex[SHA256_HEX])
{
    struct sha256 hash = { 0 };

    sha256_start(&hash);
    sha256_add(&hash, text.data, text.length);
    sha256_end(&hash, ret_hex);
}

int sha256_file(int fd, uint64_t from, uint64_t length, uint64_t *ret_read, char ret_hex[SHA256_HEX])
{
    auto_free char *piece = xcalloc(1, PIECE);
    struct sha256 hash = { 0 };
    uint64_t done = 0;
    ssize_t got = 1;

    for (sha256_start(&hash); done < length && got > 0; done += (uint64_t)got) {
        got = pread(fd, piece, length - done < PIECE ? length - done : PIECE, (off_t)(from + done));
        if (got < 0) {
            sha256_drop(&hash);
            return -1;
        }
        sha256_add(&hash, piece, (size_t)got);
    }
    sha256_end(&hash, ret_hex);
    *ret_read = done;
    return 0;
}

void sha256_bytes(const char *hex, unsigned char ret[SHA256_BYTES])
{
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        const char pair[] = { hex[2 * i], hex[2 * i + 1], '\0' };

        ret[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
}

void sha256_base64(const char *hex, char ret[SHA256_BASE64])
{
    unsigned char bytes[SHA256_BYTES];

    sha256_bytes(hex, bytes);
    EVP_EncodeBlock((unsigned char *)ret, bytes, SHA256_BYTES);
}

bool is_sha256(const char *text)
{
    return strlen(text) == SHA256_HEX - 1 && strspn(text, "0123456789abcdef") == SHA256_HEX - 1;
}

void hmac_sha256(struct slice key, struct slice text, unsigned char ret[SHA256_BYTES])
{
    unsigned length;

    if (!HMAC(EVP_sha256(), key.data, (int)key.length, (const unsigned char *)text.data, text.length, ret, &length))
        BUG("no HMAC");
}
