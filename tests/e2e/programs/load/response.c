#include "response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of a header, NULL if there is none; it ends with the line. */
static const char *find_header(const char *head, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':')
            return line + 3 + length + strspn(line + 3 + length, " ");
    return NULL;
}

static int header_is(const char *head, const char *name, const char *wanted)
{
    const char *value = find_header(head, name);

    return value && strncasecmp(value, wanted, strlen(wanted)) == 0;
}

/* Joins the chunks at `body`, if the last one is there. Only a whole chunk is moved, when all have been seen. */
static int join_chunks(char *body, const char *end, size_t *ret_length)
{
    for (int is_moving = 0;; is_moving = 1) {
        char *at = body, *to = body, *data;
        size_t size;

        do {
            data = strstr(at, "\r\n");
            if (!data)
                return 0;
            size = strtoul(at, NULL, 16);
            data += 2;
            if (size > RESPONSE_MAX)
                return -1;
            if ((size_t)(end - data) < size + 2)
                return 0;
            if (is_moving)
                memmove(to, data, size);
            to += size;
            at = data + size + 2;
        } while (size > 0);
        *ret_length = (size_t)(to - body);
        if (is_moving)
            return 1;
    }
}

int response_parse(char *bytes, size_t length, int at_end, struct response *ret)
{
    char *body = strstr(bytes, "\r\n\r\n");
    const char *declared;
    int result = 1;

    if (!body)
        return 0;
    if (sscanf(bytes, "HTTP/1.1 %3d", &ret->status) != 1)
        return -1;
    body += 4;
    ret->head = bytes;
    ret->body = body;
    ret->body_length = (size_t)(bytes + length - body);
    declared = find_header(bytes, "content-length");
    ret->is_last = header_is(bytes, "connection", "close") || at_end;
    if (header_is(bytes, "transfer-encoding", "chunked"))
        result = join_chunks(body, bytes + length, &ret->body_length);
    else if (declared && ret->body_length != strtoul(declared, NULL, 10))
        result = ret->body_length > strtoul(declared, NULL, 10) ? -1 : 0;
    else if (!declared)
        result = at_end;
    return result;
}

void response_answer(const struct response *response, const char *header, char *ret_text, size_t size)
{
    const char *text = header ? find_header(response->head, header) : response->body;
    size_t length = text ? strcspn(text, "\r\n") : 0;

    if (!header && length > response->body_length)
        length = response->body_length;
    snprintf(ret_text, size, "%.*s", (int)length, text ? text : "");
    for (char *c = ret_text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}
