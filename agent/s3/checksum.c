#include "checksum.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "../../operator/base/base64.h"
#include "../../operator/base/error.h"
#include "../../operator/base/memory.h"
#include "fold.h"

enum { SLICES = 8, VALUE_MAX = 64, LONG = 64 /* bytes, from which folding pays */ };

/* What is checked, best first. Cyclic ones: reflected, begun with all ones, inverted at the end. */
struct algorithm {
    const char *name, *header;
    const EVP_MD *(*digest)(void); /* NULL: cyclic, with: */
    uint64_t polynomial;
    unsigned bytes;
};

static const struct algorithm algorithms[] = {
    { "SHA256", "x-amz-checksum-sha256", EVP_sha256, 0, 32 },
    { "SHA1", "x-amz-checksum-sha1", EVP_sha1, 0, 20 },
    { "CRC64NVME", "x-amz-checksum-crc64nvme", NULL, 0x9a6c9329ac4bc9b5, 8 },
    { "CRC32C", "x-amz-checksum-crc32c", NULL, 0x82f63b78, 4 },
    { "CRC32", "x-amz-checksum-crc32", NULL, 0xedb88320, 4 },
};

struct s3_checksum {
    const struct algorithm *algorithm;
    char wanted[VALUE_MAX]; /* base64 */
    EVP_MD_CTX *digest;
    uint64_t state;
    uint64_t (*table)[256]; /* SLICES of them */
};

/* -- cyclic ------------------------------------------------------------------------------------------------------- */

/* table[n][b]: what byte b becomes when n more zero bytes follow it ("slicing by 8", Kounavis and Berry, 2005). */
static void fill_table(uint64_t (*table)[256], uint64_t polynomial)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t state = byte;

        for (int bit = 0; bit < 8; bit++)
            state = state & 1 ? state >> 1 ^ polynomial : state >> 1;
        table[0][byte] = state;
    }
    for (unsigned slice = 1; slice < SLICES; slice++)
        for (unsigned byte = 0; byte < 256; byte++)
            table[slice][byte] = table[slice - 1][byte] >> 8 ^ table[0][table[slice - 1][byte] & 0xff];
}

static uint64_t (*table_of(const struct algorithm *algorithm))[256]
{
    static uint64_t tables[ARRAY_SIZE(algorithms)][SLICES][256];
    uint64_t(*table)[256] = tables[algorithm - algorithms];

    if (!table[0][1])
        fill_table(table, algorithm->polynomial);
    return table;
}

static uint64_t add_cyclic(uint64_t (*table)[256], uint64_t state, const unsigned char *at, size_t length)
{
    for (; length >= SLICES; length -= SLICES, at += SLICES) {
        uint64_t next = 0;

        for (unsigned i = 0; i < SLICES; i++)
            state ^= (uint64_t)at[i] << (8 * i);
        for (unsigned i = 0; i < SLICES; i++)
            next ^= table[SLICES - 1 - i][state >> (8 * i) & 0xff];
        state = next;
    }
    for (; length; length--)
        state = state >> 8 ^ table[0][(state ^ *at++) & 0xff];
    return state;
}

/* The same, sooner. */
static uint64_t add_cyclic_64(struct s3_checksum *checksum, const unsigned char *at, size_t length)
{
    size_t folded = length & ~(size_t)15;
    unsigned char rest[16];

    if (length < LONG || !fold_is_possible())
        return add_cyclic(checksum->table, checksum->state, at, length);
    fold(checksum->algorithm->polynomial, checksum->state, at, folded, rest);
    return add_cyclic(
        checksum->table, add_cyclic(checksum->table, 0, rest, sizeof(rest)), at + folded, length - folded);
}

/* -- all of them -------------------------------------------------------------------------------------------------- */

static void start(struct s3_checksum *checksum)
{
    const struct algorithm *algorithm = checksum->algorithm;

    if (!algorithm->digest) {
        checksum->table = table_of(algorithm);
        checksum->state = UINT64_MAX >> (64 - 8 * algorithm->bytes);
        return;
    }
    checksum->digest = EVP_MD_CTX_new();
    if (!checksum->digest || !EVP_DigestInit_ex(checksum->digest, algorithm->digest(), NULL))
        BUG("no %s", algorithm->name);
}

struct s3_checksum *s3_checksum_create(s3_header *header, void *context)
{
    const char *type = header(context, "x-amz-checksum-type");
    struct s3_checksum *checksum;

    if (type && strcmp(type, "FULL_OBJECT") != 0)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        const char *wanted = header(context, algorithms[i].header);

        if (!wanted || strchr(wanted, '-') || strlen(wanted) >= VALUE_MAX)
            continue;
        checksum = xcalloc(1, sizeof(*checksum));
        checksum->algorithm = &algorithms[i];
        snprintf(checksum->wanted, sizeof(checksum->wanted), "%s", wanted);
        start(checksum);
        return checksum;
    }
    return NULL;
}

void s3_checksum_destroy(struct s3_checksum *checksum)
{
    if (checksum)
        EVP_MD_CTX_free(checksum->digest);
    free(checksum);
}

void s3_checksum_add(struct s3_checksum *checksum, const void *bytes, size_t length)
{
    if (checksum->digest)
        EVP_DigestUpdate(checksum->digest, bytes, length);
    else if (checksum->algorithm->bytes == 8)
        checksum->state = add_cyclic_64(checksum, bytes, length);
    else
        checksum->state = add_cyclic(checksum->table, checksum->state, bytes, length);
}

bool s3_checksum_is_right(struct s3_checksum *checksum)
{
    auto_strbuf struct strbuf found = { 0 };
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = checksum->algorithm->bytes;

    if (checksum->digest)
        EVP_DigestFinal_ex(checksum->digest, bytes, NULL);
    else
        for (unsigned i = 0; i < length; i++)
            bytes[i] = (unsigned char)(~checksum->state >> (8 * (length - 1 - i)));
    base64_encode(bytes, length, &found);
    return strcmp(strbuf_text(&found), checksum->wanted) == 0;
}

const char *s3_checksum_name(const struct s3_checksum *checksum)
{
    return checksum->algorithm->name;
}
