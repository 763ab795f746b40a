#include "ws_message.h"

#include <string.h>

#include "../base/memory.h"

void ws_message_finish(struct ws_message *message)
{
    free(message->text);
    *message = (struct ws_message){ 0 };
}

/* Exactly what is known to come, because nearly all messages are one frame; doubled when there are several. */
static void reserve(struct ws_message *message, size_t more)
{
    size_t needed = message->length + more + 1;

    if (needed <= message->capacity)
        return;
    if (message->length && needed < 2 * message->capacity)
        needed = 2 * message->capacity;
    message->text = xrealloc(message->text, needed);
    message->capacity = needed;
}

enum ws_message_state ws_message_add(
    struct ws_message *message, const void *piece, size_t length, size_t remaining, bool final)
{
    size_t room = WS_MESSAGE_MAX - message->length;

    if (length > room || remaining > room - length) {
        ws_message_finish(message);
        return WS_MESSAGE_TOO_LARGE;
    }
    reserve(message, length + remaining);
    if (length)
        memcpy(message->text + message->length, piece, length);
    message->length += length;
    message->text[message->length] = '\0';
    return final && !remaining ? WS_MESSAGE_WHOLE : WS_MESSAGE_PART;
}

char *ws_message_take(struct ws_message *message, size_t *ret_length)
{
    char *text = message->text;

    *ret_length = message->length;
    *message = (struct ws_message){ 0 };
    return text;
}
