#include "session.h"

#include <time.h>

#include "../base/jb.h"
#include "../base/memory.h"

enum { TIMEOUT_MS = 30000, PAGE = 500 };

static size_t current_headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial)
{
    struct credentials_headers headers = credentials_headers(((struct session *)context)->credentials);

    *ret_list = headers.list;
    *ret_serial = headers.serial;
    return headers.count;
}

static int64_t boot_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int session_open(struct session *session, struct option *options, struct error *err)
{
    struct kube_config_options where = { .kubeconfig = option_named(options, "kubeconfig")->text,
                                         .context = option_named(options, "context")->text };
    struct http_settings settings;

    *session = (struct session){ 0 };
    if (kube_config_load(&where, &session->config, err) < 0)
        return -1;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (credentials_create(&session->config, boot_ms(), &session->credentials, err) < 0) {
        kube_config_finish(&session->config);
        return -1;
    }
    access_init(&session->access, &session->config);
    settings = access_settings(&session->access, session->credentials);
    session->http = http_client_create(&settings, current_headers, NULL, session);
    return 0;
}

void session_close(struct session *session)
{
    http_client_destroy(session->http);
    access_finish(&session->access);
    credentials_destroy(session->credentials);
    kube_config_finish(&session->config);
}

int session_ask(struct session *session, struct http_request *take_request, json_t **ret, struct error *err)
{
    auto_strbuf struct strbuf body = { .maximum = STRBUF_MAX_RESPONSE };
    int status;

    take_request->timeout_ms = TIMEOUT_MS;
    if (http_client_perform(session->http, take_request, &status, &body, err) < 0 ||
        jb_parse((struct slice){ strbuf_text(&body), body.length }, ret, err) < 0)
        return -1;
    if (status >= 200 && status < 300)
        return 0;
    error_set(err,
              status == 404 ? ERROR_NOT_FOUND : ERROR_DENIED,
              "the server answers %d: %.400s",
              status,
              jb_get_str(*ret, "message"));
    json_decref(*ret);
    return -1;
}

int session_list(struct session *session,
                 const char *collection,
                 const char *query,
                 session_take *each,
                 void *context,
                 struct error *err)
{
    auto_strbuf struct strbuf token = { 0 };

    do {
        struct strbuf path = { 0 };
        json_auto_t *list = NULL;
        const json_t *items;

        strbuf_addf(&path, "%s?limit=%d%s&continue=", collection, PAGE, query);
        strbuf_add_escaped(&path, strbuf_text(&token));
        if (session_ask(session, http_request_create(HTTP_GET, strbuf_detach(&path), NULL, NULL), &list, err) < 0)
            return error_wrap(err, "cannot list %s", collection);
        items = jb_get(list, "items");
        for (size_t i = 0; i < json_array_size(items); i++)
            each(context, json_array_get(items, i));
        strbuf_clear(&token);
        strbuf_adds(&token, jb_get_str(jb_get(list, "metadata"), "continue"));
    } while (token.length);
    return 0;
}
