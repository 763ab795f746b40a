#include "digest.h"

#include <openssl/sha.h>
#include <stdio.h>

void digest_short(struct slice text, char ret_hex[DIGEST_SHORT])
{
    unsigned char sum[SHA256_DIGEST_LENGTH];

    SHA256((const unsigned char *)text.data, text.length, sum);
    for (int i = 0; i < (DIGEST_SHORT - 1) / 2; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", sum[i]);
}
