#include "answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/scan.h"

uint64_t answer_version(struct slice body)
{
    auto_arena struct arena arena = { 0 };
    uint64_t version = 0;
    struct slice key;
    struct scan scan;

    scan_init(&scan, body);
    scan_open(&scan, SCAN_OBJECT);
    while (!version && scan_key(&scan, &key)) {
        if (!slice_is(key, "metadata") || scan_peek(&scan) != SCAN_OBJECT) {
            scan_skip(&scan);
            continue;
        }
        scan_open(&scan, SCAN_OBJECT);
        while (!version && scan_key(&scan, &key)) {
            if (slice_is(key, "resourceVersion") && scan_peek(&scan) == SCAN_STRING)
                version = strtoull(scan_string(&scan, &arena), NULL, 10);
            else
                scan_skip(&scan);
        }
    }
    return version;
}

static struct answer_status plain_text(struct slice body, struct arena *arena)
{
    size_t length = body.length > 512 ? 512 : body.length;
    char *text = arena_strndup(arena, body.data ? body.data : "", body.data ? length : 0);

    text[strcspn(text, "\n")] = '\0';
    return (struct answer_status){ 0, "", text };
}

struct answer_status answer_status(struct slice body, struct arena *arena)
{
    struct answer_status status = { 0, "", "" };
    const char *text;
    struct slice key;
    struct scan scan;

    scan_init(&scan, body);
    if (!body.length || !scan_open(&scan, SCAN_OBJECT))
        return plain_text(body, arena);
    while (scan_key(&scan, &key)) {
        enum scan_type type = scan_peek(&scan);

        if (slice_is(key, "code") && type == SCAN_NUMBER) {
            status.code = (int)scan_int(&scan);
        } else if (slice_is(key, "reason") && type == SCAN_STRING) {
            text = scan_string(&scan, arena);
            status.reason = text ? text : "";
        } else if (slice_is(key, "message") && type == SCAN_STRING) {
            text = scan_string(&scan, arena);
            status.message = text ? text : "";
        } else {
            scan_skip(&scan);
        }
    }
    return scan_failed(&scan) ? plain_text(body, arena) : status;
}

int answer_code(struct slice body)
{
    auto_arena struct arena arena = { 0 };

    return answer_status(body, &arena).code;
}

void answer_message(struct slice body, char *ret_text, size_t size)
{
    auto_arena struct arena arena = { 0 };

    snprintf(ret_text, size, "%s", answer_status(body, &arena).message);
}

static bool says_exists(struct slice body)
{
    auto_arena struct arena arena = { 0 };

    return strcmp(answer_status(body, &arena).reason, "AlreadyExists") == 0;
}

enum answer_class answer_classify(const struct http_response *response)
{
    if (response->status >= 200 && response->status < 300)
        return ANSWER_OK;
    switch (response->status) {
    case 0:
        return response->maybe_done ? ANSWER_UNKNOWN : ANSWER_BUSY;
    case 400:
    case 413:
    case 422:
        return ANSWER_INVALID;
    case 401:
    case 403:
        return ANSWER_DENIED;
    case 404:
        return ANSWER_NOT_FOUND;
    case 409:
        return says_exists(response->body) ? ANSWER_EXISTS : ANSWER_CONFLICT;
    case 504:
        return ANSWER_UNKNOWN;
    default:
        return ANSWER_BUSY;
    }
}
