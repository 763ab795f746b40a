#include "ssh_key.h"

#include <openssl/evp.h>
#include <string.h>

#include "base64.h"
#include "memory.h"

enum { PUBLIC_KEY = 32, BLOCK = 8, LINE = 70 };

static const char type[] = "ssh-ed25519";

static void find_public_key(const unsigned char seed[SSH_SEED], unsigned char ret_key[PUBLIC_KEY])
{
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SSH_SEED);
    size_t length = PUBLIC_KEY;

    if (!pair || EVP_PKEY_get_raw_public_key(pair, ret_key, &length) != 1 || length != PUBLIC_KEY)
        BUG("libcrypto makes no ed25519 keys");
    EVP_PKEY_free(pair);
}

/* -- the wire format: numbers of four bytes, strings with their length before them (RFC 4251) -----------------------
 */

static void add_number(struct strbuf *wire, uint32_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        strbuf_addc(wire, (char)(number >> shift));
}

static void add_bytes(struct strbuf *wire, const void *bytes, size_t length)
{
    add_number(wire, (uint32_t)length);
    strbuf_append(wire, bytes, length);
}

static void add_text(struct strbuf *wire, const char *text)
{
    add_bytes(wire, text, strlen(text));
}

static void add_public_part(struct strbuf *wire, const unsigned char key[PUBLIC_KEY])
{
    add_text(wire, type);
    add_bytes(wire, key, PUBLIC_KEY);
}

/* Two equal numbers tell a reader of an encrypted file that its passphrase was right; this one is not encrypted. */
static void add_private_part(struct strbuf *wire,
                             const unsigned char seed[SSH_SEED],
                             const unsigned char key[PUBLIC_KEY],
                             const char *comment)
{
    add_number(wire, 0);
    add_number(wire, 0);
    add_public_part(wire, key);
    add_number(wire, SSH_SEED + PUBLIC_KEY);
    strbuf_append(wire, seed, SSH_SEED);
    strbuf_append(wire, key, PUBLIC_KEY);
    add_text(wire, comment);
    for (char pad = 1; wire->length % BLOCK; pad++)
        strbuf_addc(wire, pad);
}

static void add_part(struct strbuf *wire, const struct strbuf *part)
{
    add_bytes(wire, strbuf_text(part), part->length);
}

/* -- as text ------------------------------------------------------------------------------------------------------ */

static void add_lines(struct strbuf *out, const struct strbuf *wire)
{
    auto_strbuf struct strbuf text = { 0 };

    base64_encode(strbuf_text(wire), wire->length, &text);
    for (size_t at = 0; at < text.length; at += LINE) {
        strbuf_append(out, text.data + at, text.length - at < LINE ? text.length - at : LINE);
        strbuf_addc(out, '\n');
    }
}

static void add_private_key(struct strbuf *out, const struct strbuf *public_part, const struct strbuf *private_part)
{
    static const char magic[] = "openssh-key-v1"; /* its NUL is part of it */
    auto_strbuf struct strbuf wire = { 0 };

    strbuf_append(&wire, magic, sizeof(magic));
    add_text(&wire, "none"); /* cipher, how its key is derived, and with what */
    add_text(&wire, "none");
    add_text(&wire, "");
    add_number(&wire, 1);
    add_part(&wire, public_part);
    add_part(&wire, private_part);
    strbuf_adds(out, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    add_lines(out, &wire);
    strbuf_adds(out, "-----END OPENSSH PRIVATE KEY-----\n");
}

void ssh_key_add(const unsigned char seed[SSH_SEED],
                 const char *comment,
                 struct strbuf *private_key,
                 struct strbuf *public_key)
{
    auto_strbuf struct strbuf public_part = { 0 }, private_part = { 0 };
    unsigned char key[PUBLIC_KEY];

    find_public_key(seed, key);
    add_public_part(&public_part, key);
    add_private_part(&private_part, seed, key, comment);
    add_private_key(private_key, &public_part, &private_part);
    strbuf_addf(public_key, "%s ", type);
    base64_encode(strbuf_text(&public_part), public_part.length, public_key);
    strbuf_addf(public_key, " %s\n", comment);
}
