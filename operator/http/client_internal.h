#pragma once
/* The client's insides, for the files of this folder only. */

#include <curl/curl.h>

#include "client.h"

/* An exchange under way, or one that is over and kept to be used again: its easy handle and memory are what is dear. */
struct http_stream {
    struct http_stream *next, **link;
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    uint64_t serial;   /* of the credentials in them */
    unsigned attempts; /* connections it was written to */
    struct strbuf body;
    char problem[CURL_ERROR_SIZE];

    struct http_request *request; /* NULL: a stream, with the following */
    http_receive *receive;
    http_end *end;
    void *context;

    bool (*hold)(void *context);
    http_read *read; /* a body that is sent in pieces */
    uint64_t sent;
};

struct http_client {
    struct http_settings settings; /* its texts are ours */
    struct curl_slist *connect_to;
    http_headers *headers;
    http_answer *answer;
    void *context;
    CURLM *multi;
    struct poller *poller;
    struct http_stream *running, *spare;
    size_t spare_count;
    char address[64];
};

struct http_stream *stream_get(struct http_client *client); /* a spare one, or new */
void stream_prepare(struct http_client *client, struct http_stream *stream, const char *path);
void stream_add_header(struct http_stream *stream, const char *name, const char *value);
void stream_receive(struct http_stream *stream, http_receive *receive, http_end *end, void *context);
bool stream_is_held(const struct http_stream *stream); /* its receiver wants no more for now */
void stream_start(struct http_client *client, struct http_stream *stream);
