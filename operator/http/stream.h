#pragma once
/* What client.c, call.c and outside.c know of each other: streams, the exchanges that a client has under way. */

#include <curl/curl.h>

#include "client.h"

struct poller;

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

/* A fresh one, or one that was kept. What is put into it is forgotten at its end. */
struct http_stream *stream_get(struct http_client *client);
void stream_add_header(struct http_stream *stream, const char *name, const char *value);
void stream_put_place(struct http_stream *stream); /* where curl finds it, and puts problems */
void stream_put_common(struct http_client *client, struct http_stream *stream, const char *path);
void stream_put_receiver(struct http_stream *stream, http_receive *receive, http_end *end, void *context);
bool stream_is_held(const struct http_stream *stream);
void stream_start(struct http_client *client, struct http_stream *stream);
