#include "ws_message.h"

void ws_message_init(struct ws_message *message)
{
    strbuf_init(&message->text, WS_MESSAGE_MAX);
}

void ws_message_finish(struct ws_message *message)
{
    strbuf_finish(&message->text);
}

int ws_message_add(struct ws_message *message, const void *piece, size_t length, bool last, struct slice *ret_message)
{
    if (message->text.capacity && !message->text.length && message->text.capacity > 1024 * 1024)
        strbuf_finish(&message->text); /* one huge message must not keep its memory for ever */
    strbuf_append(&message->text, piece, length);
    if (message->text.overflow)
        return -1;
    if (!last)
        return 0;
    *ret_message = (struct slice){ strbuf_text(&message->text), message->text.length };
    message->text.length = 0; /* the bytes stay until the next piece */
    return 1;
}
