#pragma once
/*
 * Requests over libcurl: one multi handle, kept-alive HTTP/1.1 connections, pooled easy handles. One thread; nothing
 * blocks but http_client_wait and http_client_perform. It sends what it is given at once: who limits how much is under
 * way is the caller.
 */

#include <curl/curl.h>

#include "../base/error.h"
#include "../base/strbuf.h"
#include "request.h"

/* How to reach the server and what to say of ourselves. Texts are borrowed; NULL: none. */
struct http_settings {
    const char *url;                    /* "https://host:port/prefix"; before every path */
    const char *ca, *certificate, *key; /* PEM; ca NULL: the system's */
    bool insecure;
    const char *connect_to; /* "name:port:host:port": the URL's name is only for TLS, this is where it is */
    const char *proxy;      /* URL; "": none, whatever the environment says */
    const char *user_agent;
};

/* The headers to send now: asked for at each request, since credentials change. Borrowed until the next request. */
typedef size_t http_headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial);

/*
 * Called with each answer; `serial` is that of the headers it was sent with. The request is destroyed afterwards,
 * unless the callback takes it (to send it again) and leaves NULL.
 */
typedef void http_answer(void *context,
                         struct http_request **request,
                         const struct http_response *response,
                         uint64_t serial);

struct http_client;

struct http_client *http_client_create(const struct http_settings *settings,
                                       http_headers *headers,
                                       http_answer *answer,
                                       void *context);
void http_client_destroy(struct http_client *client); /* requests under way get no answer; NULL is fine */

/* The CA or client certificate changed: connections are closed as they become free, later requests use the new ones. */
void http_client_settings(struct http_client *client, const struct http_settings *settings);

void http_client_send(struct http_client *client, struct http_request *take_request);

/* Moves everything on and hands out answers. */
void http_client_step(struct http_client *client);

/* Waits until something can be moved on, http_client_wakeup is called, an fd (-1: none) is readable, or time is up. */
enum { HTTP_WAIT_FDS = 4 };
void http_client_wait(struct http_client *client, const int *fds, size_t count, int timeout_ms);
void http_client_wakeup(struct http_client *client); /* from any thread */

/*
 * Sends one request and waits for its answer, for subcommands. The body is appended to *body. The request is taken.
 * ERROR_TRANSIENT when there was no answer.
 */
int http_client_perform(struct http_client *client,
                        struct http_request *take_request,
                        int *ret_status,
                        struct strbuf *body,
                        struct error *err) must_check;

/* For other users of the multi handle (watch_stream): an easy handle with all settings and headers, for a path. */
CURL *http_client_easy(struct http_client *client,
                       const char *path,
                       struct curl_slist **ret_headers,
                       uint64_t *ret_serial);

/*
 * Adds an easy handle of another user; done is called with it when its transfer ends, after it was taken out. The easy
 * handle and its headers are the user's to free.
 */
typedef void http_done(void *context, CURL *easy, CURLcode result);
void http_client_add(struct http_client *client, CURL *easy, http_done *done, void *context);
void http_client_remove(struct http_client *client, CURL *easy);

/* The numeric address the last answered request went to, "" before: for websockets, which must not resolve names. */
const char *http_client_address(const struct http_client *client);
