#include "base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Fills `group` with the next four characters that are no line breaks; how many there were. */
static size_t next_group(const char **text, char group[static 4])
{
    size_t count = 0;

    for (; **text && count < 4; (*text)++)
        if (**text != '\n' && **text != '\r')
            group[count++] = **text;
    return count;
}

/* The bytes of one group, 1 to 3; 0 when it is wrong. Padding bits must be zero. */
static size_t decode_group(const char group[static 4], unsigned char bytes[static 3])
{
    size_t length = group[3] != '=' ? 3 : group[2] != '=' ? 2 : 1;
    uint32_t bits = 0;

    for (size_t i = 0; i < 4; i++) {
        const char *place = i <= length ? strchr(alphabet, group[i]) : alphabet;

        if (!place || !*place)
            return 0;
        bits = bits << 6 | (uint32_t)(place - alphabet);
    }
    for (size_t i = 0; i < 3; i++)
        bytes[i] = (unsigned char)(bits >> (16 - 8 * i));
    return length == 3 || !bytes[length] ? length : 0;
}

bool base64_decode(const char *text, struct strbuf *out)
{
    unsigned char bytes[3];
    char group[4];
    size_t count, length = 3;

    while ((count = next_group(&text, group))) {
        if (count < 4 || length < 3) /* cut off, or text behind the padding */
            return false;
        length = decode_group(group, bytes);
        if (!length)
            return false;
        strbuf_append(out, bytes, length);
    }
    return true;
}

void base64_encode(const void *bytes, size_t length, struct strbuf *out)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < length; i += 3) {
        size_t rest = length - i;
        uint32_t bits = (uint32_t)at[i] << 16 | (rest > 1 ? (uint32_t)at[i + 1] << 8 : 0) | (rest > 2 ? at[i + 2] : 0u);

        strbuf_addc(out, alphabet[bits >> 18]);
        strbuf_addc(out, alphabet[bits >> 12 & 63]);
        strbuf_addc(out, rest > 1 ? alphabet[bits >> 6 & 63] : '=');
        strbuf_addc(out, rest > 2 ? alphabet[bits & 63] : '=');
    }
}
