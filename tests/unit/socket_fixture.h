#pragma once
/* Websocket watches against a fake server, for the tests of watch_socket. */

#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "../../operator/kube/watch_socket.h"
#include "fake_websocket.h"
#include "watch_recorder.h"

enum { PATIENCE_MS = 10000 };

static struct fake_server server;
static struct lws_context *lws;
static struct watch_sockets *sockets;
static struct strbuf authority;
static struct watch_socket_server target;
static unsigned room; /* for messages, in the mailbox that a test stands for */

static inline bool signalled(void *context, const struct watch_signal *signal, char *take_text)
{
    auto_free char *text = take_text;

    assert_ptr_equal(context, &server);
    assert_ptr_equal(text, signal->message.data);
    if (signal->type == WATCH_MESSAGE) {
        assert_int_equal(text[signal->message.length], '\0');
        if (!room)
            return false;
        room--;
    }
    record(signal);
    return true;
}

static inline void start(fake_serve *serve, const void *script)
{
    static const struct socket_certificates none = { 0 };
    struct lws_context_creation_info info = { .port = CONTEXT_PORT_NO_LISTEN, .gid = -1, .uid = -1 };

    memset(&seen, 0, sizeof(seen));
    room = UINT32_MAX;
    fake_start(&server, serve, script);
    strbuf_addf(&authority, "127.0.0.1:%u", server.port);
    target =
        (struct watch_socket_server){ .authority = strbuf_text(&authority), .prefix = "/k8s", .port = server.port };
    lws_set_log_level(0, NULL);
    watch_sockets_context(&info);
    lws = lws_create_context(&info);
    assert_non_null(lws);
    sockets = watch_sockets_create(lws, &target, &none, signalled, &server);
}

static inline void open_path(const char *path, unsigned timeout_ms)
{
    struct watch_command command = { .open = true, .slot = 3, .serial = 7, .timeout_ms = timeout_ms };
    auto_free char *copy = xstrdup(path), *token = xcalloc(1, 20001);
    const struct http_header headers[] = { { "Authorization", token }, { "User-Agent", "kitae/test" } };

    memset(token, 'x', 20000);
    command.path = copy;
    watch_sockets_open(sockets, &command, "127.0.0.1", headers, ARRAY_SIZE(headers));
}

static inline void open_watch(fake_serve *serve, const void *script)
{
    start(serve, script);
    open_path("/api/v1/pods?watch=true", PATIENCE_MS);
}

static inline void wake(lws_sorted_usec_list_t *sul)
{
    (void)sul;
}

static inline void service_for(int ms)
{
    lws_sorted_usec_list_t alarm = { 0 };

    lws_sul_schedule(lws, 0, &alarm, wake, (lws_usec_t)ms * LWS_US_PER_MS);
    lws_service(lws, 0);
    lws_sul_cancel(&alarm);
}

static inline void service_until(const unsigned *count, unsigned wanted)
{
    int64_t until = fake_ms() + PATIENCE_MS;

    while (*count < wanted && fake_ms() < until)
        service_for(50);
    assert_int_equal(*count, wanted);
}

static inline void finish(void)
{
    watch_sockets_mute(sockets);
    lws_context_destroy(lws);
    watch_sockets_destroy(sockets);
    fake_stop(&server);
    strbuf_finish(&authority);
}
