/*
 * Bytes as orders to a ws_message: pieces of frames, frames of messages, announced lengths that are true, false or
 * absurd. What comes out is what was put in since the last whole message, and memory stays bounded.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "../../operator/kube/ws_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

static void check_whole(struct ws_message *message, struct strbuf *want)
{
    size_t length;
    auto_free char *text = ws_message_take(message, &length);

    CHECK(length == want->length && text[length] == '\0');
    CHECK(!length || memcmp(text, want->data, length) == 0);
    strbuf_clear(want);
}

/* One order: a head of 3 bytes (what, length, remaining), then the piece. Returns how many bytes it took. */
static size_t obey(struct ws_message *message, struct strbuf *want, const uint8_t *at, size_t size)
{
    size_t length = at[1] < size - 3 ? at[1] : size - 3, remaining = (size_t)at[2] << (at[0] >> 2);
    bool final = at[0] & 1;

    switch (ws_message_add(message, at + 3, length, at[0] & 2 ? remaining : 0, final)) {
    case WS_MESSAGE_TOO_LARGE:
        CHECK(!message->text);
        strbuf_clear(want);
        break;
    case WS_MESSAGE_WHOLE:
        strbuf_append(want, at + 3, length);
        check_whole(message, want);
        break;
    case WS_MESSAGE_PART:
        strbuf_append(want, at + 3, length);
        CHECK(message->length == want->length && message->capacity <= 2 * (size_t)WS_MESSAGE_MAX + 2);
        break;
    }
    return 3 + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ws_message message = { 0 };
    struct strbuf want = { .maximum = WS_MESSAGE_MAX };

    for (size_t at = 0; at + 3 <= size;)
        at += obey(&message, &want, data + at, size - at);
    ws_message_finish(&message);
    strbuf_finish(&want);
    return 0;
}
