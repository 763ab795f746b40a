/*
 * Answers of HTTP/1.1, as load needs them: whole, in one buffer.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { RESPONSE_MAX = 16384 };

struct response {
    int status;
    const char *head, *body; /* in the buffer it was parsed from; a body that came in chunks is joined there */
    size_t body_length;
    int is_last; /* the server keeps the connection no longer */
};

/*
 * Parses what has come so far, `length` bytes and a NUL behind them, which may change. 1: *ret is the answer; 0: there
 * is more to come; -1: this is no answer. at_end: nothing more will come, which ends a body without a length.
 */
int response_parse(char *bytes, size_t length, int at_end, struct response *ret);

/* Who answered: the header of that name, or else the first line of the body. Unprintable bytes become '?'. */
void response_answer(const struct response *response, const char *header, char *ret_text, size_t size);
