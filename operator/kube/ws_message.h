#pragma once
/* Puts the pieces of websocket messages together again: one event may come in many, and a piece never holds two. */

#include <stdbool.h>

#include "../base/slice.h"
#include "../base/strbuf.h"

enum { WS_MESSAGE_MAX = 16 * 1024 * 1024 };

struct ws_message {
    struct strbuf text;
};

void ws_message_init(struct ws_message *message);
void ws_message_finish(struct ws_message *message);

/*
 * Adds a piece. `last`: it ends the message. Returns 1 when *ret_message holds a whole message, borrowed until the next
 * call; 0 when more is to come; -1 when it grew beyond WS_MESSAGE_MAX, after which the connection must be closed.
 */
int ws_message_add(struct ws_message *message, const void *piece, size_t length, bool last, struct slice *ret_message);
