#include "settings.h"

#include <string.h>

#include "../base/memory.h"

enum { CONNECT_TIMEOUT_MS = 10000 };

static const char **text_fields(struct http_settings *settings, size_t at)
{
    const char **fields[] = { &settings->url,
                              &settings->host,
                              &settings->connect_to,
                              &settings->ca,
                              &settings->certificate,
                              &settings->key,
                              &settings->proxy,
                              &settings->proxy_user,
                              &settings->proxy_password,
                              &settings->user_agent,
                              NULL };

    return fields[at];
}

static void replace(const char **held, const char *text)
{
    free((char *)*held);
    *held = text ? xstrdup(text) : NULL;
}

void http_settings_copy(struct http_settings *to, const struct http_settings *from)
{
    const char **field;

    *to = *from;
    for (size_t i = 0; (field = text_fields(to, i)); i++)
        *field = *field ? xstrdup(*field) : NULL;
}

void http_settings_finish(struct http_settings *settings)
{
    const char **field;

    for (size_t i = 0; (field = text_fields(settings, i)); i++)
        replace(field, NULL);
}

void http_settings_replace_certificates(struct http_settings *settings, const struct http_settings *other)
{
    replace(&settings->ca, other->ca);
    replace(&settings->certificate, other->certificate);
    replace(&settings->key, other->key);
}

static void put_blob(CURL *easy, CURLoption option, const char *text)
{
    struct curl_blob blob = { (void *)text, text ? strlen(text) : 0, CURL_BLOB_COPY };

    if (text)
        curl_easy_setopt(easy, option, &blob);
}

static void put_tls(const struct http_settings *settings, CURL *easy)
{
    put_blob(easy, CURLOPT_CAINFO_BLOB, settings->ca);
    put_blob(easy, CURLOPT_SSLCERT_BLOB, settings->certificate);
    put_blob(easy, CURLOPT_SSLKEY_BLOB, settings->key);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, settings->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, settings->insecure ? 0L : 2L);
}

static void put_proxy(const struct http_settings *settings, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_PROXY, settings->proxy ? settings->proxy : "");
    if (settings->proxy_user)
        curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, settings->proxy_user);
    if (settings->proxy_password)
        curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, settings->proxy_password);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

void http_settings_put(const struct http_settings *settings, CURL *easy)
{
    long version = settings->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;

    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, settings->http2 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, settings->compress ? "gzip" : NULL);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, settings->user_agent);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    put_proxy(settings, easy);
    put_tls(settings, easy);
}
