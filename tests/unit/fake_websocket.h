#pragma once
/* The server's half of a websocket, over fake_server.h: the handshake and frames. */

#include <openssl/evp.h>
#include <stdint.h>

#include "fake_server.h"

enum { WS_CONTINUATION = 0, WS_TEXT = 1, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10, WS_FINAL = 0x80 };

/* Answers an upgrade with 101. */
static inline void fake_upgrades(int fd, const char *request)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const char *key = strstr(request, "Sec-WebSocket-Key: ");
    unsigned char digest[EVP_MAX_MD_SIZE], encoded[64];
    char text[128], answer[256];
    unsigned length;

    if (!key)
        return;
    snprintf(text, sizeof(text), "%.24s%s", key + 19, guid);
    EVP_Digest(text, strlen(text), digest, &length, EVP_sha1(), NULL);
    EVP_EncodeBlock(encoded, digest, (int)length);
    snprintf(answer,
             sizeof(answer),
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             encoded);
    fake_says(fd, answer);
}

/* Writes a frame to `to`, which has room for its length and 10 bytes; returns how many there are. */
static inline size_t fake_frame(unsigned char *to, unsigned head, const void *payload, size_t length)
{
    size_t at = 0;

    to[at++] = (unsigned char)head;
    if (length < 126) {
        to[at++] = (unsigned char)length;
    } else if (length < 65536) {
        to[at++] = 126;
        to[at++] = (unsigned char)(length >> 8);
        to[at++] = (unsigned char)length;
    } else {
        to[at++] = 127;
        for (int shift = 56; shift >= 0; shift -= 8)
            to[at++] = (unsigned char)((uint64_t)length >> shift);
    }
    if (length)
        memcpy(to + at, payload, length);
    return at + length;
}

static inline void fake_sends_frame(int fd, unsigned head, const void *payload, size_t length)
{
    unsigned char *frame = malloc(length + 10);

    fake_send(fd, frame, fake_frame(frame, head, payload, length));
    free(frame);
}

static inline void fake_sends_text(int fd, const char *text)
{
    fake_sends_frame(fd, WS_FINAL | WS_TEXT, text, strlen(text));
}

static inline void fake_sends_close(int fd, unsigned code)
{
    unsigned char payload[2] = { (unsigned char)(code >> 8), (unsigned char)code };

    fake_sends_frame(fd, WS_FINAL | WS_CLOSE, payload, 2);
}

static inline bool fake_reads_bytes(struct fake_server *server, int fd, unsigned char *to, size_t length)
{
    for (size_t at = 0; at < length; at++)
        if (!fake_wait(server, fd) || recv(fd, to + at, 1, 0) <= 0)
            return false;
    return true;
}

/* Reads one short frame of the client; its opcode, or -1 when the client is gone. The payload is unmasked. */
static inline int fake_reads_frame(struct fake_server *server, int fd, unsigned char payload[126], size_t *ret_length)
{
    unsigned char head[2], mask[4];

    if (!fake_reads_bytes(server, fd, head, 2) || !(head[1] & 0x80) || (head[1] & 0x7f) > 125)
        return -1;
    *ret_length = head[1] & 0x7f;
    if (!fake_reads_bytes(server, fd, mask, 4) || !fake_reads_bytes(server, fd, payload, *ret_length))
        return -1;
    for (size_t i = 0; i < *ret_length; i++)
        payload[i] ^= mask[i % 4];
    return head[0] & 0x0f;
}
