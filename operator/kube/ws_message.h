#pragma once
/*
 * Puts the pieces of websocket messages together again. A message is one or more frames, a frame comes in one or more
 * pieces, and a piece never holds parts of two frames. Zero-initialised is valid and empty.
 */

#include <stdbool.h>
#include <stddef.h>

enum { WS_MESSAGE_MAX = 16 * 1024 * 1024 };

struct ws_message {
    char *text;
    size_t length, capacity;
};

enum ws_message_state { WS_MESSAGE_TOO_LARGE = -1, WS_MESSAGE_PART, WS_MESSAGE_WHOLE };

void ws_message_finish(struct ws_message *message);

/*
 * Adds a piece. `remaining`: how many bytes of its frame are still to come; they are made room for at once. `final`:
 * the frame is the last of the message. After TOO_LARGE, which may come before all those bytes did, the message is
 * empty, and the connection must be closed.
 */
enum ws_message_state ws_message_add(
    struct ws_message *message, const void *piece, size_t length, size_t remaining, bool final);

/* Takes a whole message out: NUL-terminated behind its length, the caller frees it. */
char *ws_message_take(struct ws_message *message, size_t *ret_length);
