#include "session.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static size_t current_headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial)
{
    struct session *session = context;
    struct credentials_headers headers = credentials_headers(session->credentials);

    *ret_list = headers.list;
    *ret_serial = headers.serial;
    return headers.count;
}

static void answered(void *context,
                     struct http_request **request,
                     const struct http_response *response,
                     uint64_t serial)
{
    struct session *session = context;

    session->answer(session->context, request, response, serial);
}

int session_open(struct session *session,
                 const char *kubeconfig,
                 const char *user_agent,
                 http_answer *answer,
                 void *context,
                 struct error *err)
{
    struct kube_config_options options = { .kubeconfig = kubeconfig };
    struct http_settings settings;
    struct credentials_tls tls;

    if (kube_config_load(&options, &session->config, err) < 0)
        return -1;
    if (credentials_create(&session->config, now_ns() / 1000000, &session->credentials, err) < 0) {
        kube_config_finish(&session->config);
        return -1;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    tls = credentials_tls(session->credentials);
    settings = (struct http_settings){ .url = session->config.server.url,
                                       .ca = tls.ca,
                                       .certificate = tls.certificate,
                                       .key = tls.key,
                                       .user_agent = user_agent };
    session->answer = answer;
    session->context = context;
    session->http = http_client_create(&settings, current_headers, answered, session);
    return 0;
}

void session_close(struct session *session)
{
    http_client_destroy(session->http);
    credentials_destroy(session->credentials);
    kube_config_finish(&session->config);
}

int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void die(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "bench: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}
