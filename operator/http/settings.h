#pragma once
/* How a client reaches its server, and what that means in curl's options. */

#include <curl/curl.h>
#include <stdbool.h>

/* How to reach the server and what to say of ourselves. All texts are copied by the client; NULL: none. */
struct http_settings {
    const char *url;                    /* "https://host:port/prefix"; before every path */
    const char *host;                   /* for the Host header; NULL: what the URL says */
    const char *connect_to;             /* "name:port:host:port": the URL's name is only for TLS, this is where it is */
    const char *ca, *certificate, *key; /* PEM; ca NULL: the system's */
    bool insecure;
    const char *proxy; /* URL without user; NULL: none, whatever the environment says */
    const char *proxy_user, *proxy_password;
    const char *user_agent;
    bool http2; /* one connection for all. Measured dearer for us than HTTP/1.1 on several, and a slow one stops all */
    bool compress; /* lets the server send gzip: fewer bytes for much server CPU, so only for slow lines */
};

/* Copies all texts; finish frees the copies. */
void http_settings_copy(struct http_settings *to, const struct http_settings *from);
void http_settings_finish(struct http_settings *copied);

/* Replaces ca, certificate and key by copies of those of other settings. */
void http_settings_replace_certificates(struct http_settings *copied, const struct http_settings *other);

/* Sets all options of an easy handle that are the same for every request; but url, host and connect_to. */
void http_settings_put(const struct http_settings *settings, CURL *easy);
