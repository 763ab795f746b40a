#define _GNU_SOURCE /* strcasestr */
#include "socket_fixture.h"

/* -- opening ------------------------------------------------------------------------------------------------------ */

static void serve_silence(struct fake_server *of, int fd, unsigned nth)
{
    const char *request = fake_reads(of, fd);

    (void)nth;
    if (!request)
        return;
    fake_upgrades(fd, request);
    fake_wait(of, fd);
}

static void handshake__is_what_an_api_server_wants(void **state)
{
    const char *request;

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1); /* libwebsockets would go there */
    open_watch(serve_silence, NULL);
    unsetenv("http_proxy");
    service_until(&seen.opened, 1);
    request = fake_request(&server, 0);
    assert_contains(request, "GET /k8s/api/v1/pods?watch=true HTTP/1.1\r\n");
    assert_contains(request, "\r\nUpgrade: websocket\r\n");
    assert_contains(request, "\r\nSec-WebSocket-Version: 13\r\n");
    assert_contains(request, "\r\nOrigin: http://127.0.0.1:");
    assert_contains(request, "\r\nHost: 127.0.0.1:");
    assert_contains(request, "\r\nUser-Agent: kitae/test\r\n");
    assert_contains(request, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    assert_null(strcasestr(request, "Sec-WebSocket-Protocol"));
    assert_null(strcasestr(request, "Sec-WebSocket-Extensions"));
    finish();
}

static void serve_refusal(struct fake_server *of, int fd, unsigned nth)
{
    (void)nth;
    if (fake_reads(of, fd))
        fake_answers(fd, of->script, "Retry-After: 3\r\nLocation: /elsewhere\r\n", "{\"kind\":\"Status\"}");
}

static void refused__any_status__is_told(void **state)
{
    static const char *const answers[] = {
        "200 OK",        "302 Found", "400 Bad Request",       "401 Unauthorized",        "403 Forbidden",
        "404 Not Found", "410 Gone",  "429 Too Many Requests", "503 Service Unavailable",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        open_watch(serve_refusal, answers[i]);
        service_until(&seen.closed, 1);
        assert_int_equal(seen.opened, 0);
        assert_true(seen.end.refused);
        assert_true(seen.end.upgrade_refused);
        assert_int_equal(seen.end.http_status, atoi(answers[i]));
        assert_int_equal(seen.end.retry_after_ms, 3000);
        assert_contains(seen.problem, "the server answered");
        assert_int_equal(fake_request_count(&server), 1); /* no redirect is followed */
        finish();
    }
}

/* What a kube-apiserver says to an upgrade without Origin. */
static void serve_bare_403(struct fake_server *of, int fd, unsigned nth)
{
    (void)nth;
    if (fake_reads(of, fd))
        fake_says(fd, "HTTP/1.1 403 Forbidden\r\n\r\n");
}

static void refused__bare_403__is_told(void **state)
{
    (void)state;
    open_watch(serve_bare_403, NULL);
    service_until(&seen.closed, 1);
    assert_true(seen.end.upgrade_refused);
    assert_int_equal(seen.end.http_status, 403);
    finish();
}

static void serve_hang_up(struct fake_server *of, int fd, unsigned nth)
{
    (void)nth;
    fake_reads(of, fd);
}

static void refused__hung_up_on__counts_as_refused(void **state)
{
    (void)state;
    open_watch(serve_hang_up, NULL);
    service_until(&seen.closed, 1);
    assert_true(seen.end.refused);
    assert_true(seen.end.upgrade_refused);
    assert_int_equal(seen.end.http_status, 0);
    finish();
}

static void refused__nobody_listens__is_no_refusal(void **state)
{
    (void)state;
    start(serve_hang_up, NULL);
    fake_stop(&server);
    open_path("/", PATIENCE_MS);
    service_until(&seen.closed, 1);
    assert_true(seen.end.refused);
    assert_false(seen.end.upgrade_refused);
    fake_start(&server, serve_hang_up, NULL);
    finish();
}

static void refused__path_too_long__is_not_sent(void **state)
{
    auto_free char *path = xcalloc(1, 2049);

    (void)state;
    memset(path, 'a', 2048);
    path[0] = '/';
    start(serve_hang_up, NULL);
    open_path(path, PATIENCE_MS);
    service_until(&seen.closed, 1);
    assert_true(seen.end.upgrade_refused); /* so that chunked HTTP is tried */
    assert_int_equal(fake_request_count(&server), 0);
    finish();
}

static void opened__longest_path__arrives_whole(void **state)
{
    auto_free char *path = xcalloc(1, WATCH_SOCKET_MAX_PATH);
    size_t length = WATCH_SOCKET_MAX_PATH - strlen("/k8s");

    (void)state;
    memset(path, 'a', length);
    path[0] = '/';
    start(serve_silence, NULL);
    path[length - 1] = 'z';
    path[length] = '\0';
    open_path(path, PATIENCE_MS);
    service_until(&seen.opened, 1);
    assert_contains(fake_request(&server, 0), "aaaz HTTP/1.1\r\n");
    finish();
}

/* -- ends --------------------------------------------------------------------------------------------------------- */

static void serve_reset(struct fake_server *of, int fd, unsigned nth)
{
    struct linger reset = { 1, 0 };
    const char *request = fake_reads(of, fd);

    (void)nth;
    if (!request)
        return;
    fake_upgrades(fd, request);
    fake_sends_text(fd, "event");
    fake_pause(50);
    if (of->script)
        fake_sends_close(fd, 1000);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)); /* close() sends RST */
}

static void end__reset_with_or_without_close__is_told_once(void **state)
{
    (void)state;
    for (int with = 0; with < 2; with++) {
        open_watch(serve_reset, with ? "" : NULL);
        service_until(&seen.closed, 1);
        assert_int_equal(seen.messages, 1);
        assert_false(seen.end.refused);
        for (int i = 0; i < 5; i++)
            service_for(10);
        finish();
    }
}

static atomic_int close_code;

static void serve_until_closed(struct fake_server *of, int fd, unsigned nth)
{
    const char *request = fake_reads(of, fd);
    unsigned char payload[126];
    size_t length;
    int opcode;

    (void)nth;
    if (!request)
        return;
    fake_upgrades(fd, request);
    while ((opcode = fake_reads_frame(of, fd, payload, &length)) >= 0)
        if (opcode == WS_CLOSE) {
            atomic_store(&close_code, length >= 2 ? payload[0] << 8 | payload[1] : 0);
            fake_sends_close(fd, 1000);
            return;
        }
}

static void close__by_us__is_polite_and_silent(void **state)
{
    int64_t started = fake_ms();

    (void)state;
    atomic_store(&close_code, -1);
    open_watch(serve_until_closed, NULL);
    service_until(&seen.opened, 1);
    watch_sockets_close(sockets, 3, 6); /* another serial */
    watch_sockets_close(sockets, 3, 7);
    watch_sockets_close(sockets, 3, 7);
    while (!watch_sockets_stop(sockets) && fake_ms() - started < PATIENCE_MS)
        service_for(10);
    assert_true(fake_ms() - started < 2000);
    for (int i = 0; i < 100 && atomic_load(&close_code) < 0; i++)
        fake_pause(10); /* libwebsockets does not wait for the answer */
    assert_int_equal(atomic_load(&close_code), 1000);
    assert_int_equal(seen.closed, 0);
    finish();
}

static void close__before_it_opened__is_silent(void **state)
{
    int64_t started = fake_ms();

    (void)state;
    open_watch(serve_hang_up, NULL);
    watch_sockets_close(sockets, 3, 7);
    while (!watch_sockets_stop(sockets) && fake_ms() - started < PATIENCE_MS)
        service_for(10);
    assert_true(fake_ms() - started < 2000);
    assert_int_equal(seen.signals, 0);
    finish();
}

static void deadline__passes__is_told_and_closes(void **state)
{
    (void)state;
    atomic_store(&close_code, -1);
    start(serve_until_closed, NULL);
    open_path("/", 500);
    service_until(&seen.closed, 1);
    assert_string_equal(seen.problem, "our own deadline has passed");
    assert_int_equal(seen.opened, 1);
    for (int i = 0; i < 50 && atomic_load(&close_code) < 0; i++)
        service_for(20);
    assert_int_equal(atomic_load(&close_code), 1000);
    finish();
}

static void serve_no_answer(struct fake_server *of, int fd, unsigned nth)
{
    (void)nth;
    if (fake_reads(of, fd))
        fake_wait(of, fd);
}

static void deadline__before_an_answer__is_told(void **state)
{
    (void)state;
    start(serve_no_answer, NULL);
    open_path("/", 100);
    service_until(&seen.closed, 1);
    assert_true(seen.end.refused);
    finish();
}

static void destroy__watches_open__gives_no_signal(void **state)
{
    (void)state;
    open_watch(serve_silence, NULL);
    service_until(&seen.opened, 1);
    open_path("/", PATIENCE_MS); /* this one is just being made */
    finish();
    assert_int_equal(seen.closed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake__is_what_an_api_server_wants),
        cmocka_unit_test(refused__any_status__is_told),
        cmocka_unit_test(refused__bare_403__is_told),
        cmocka_unit_test(refused__hung_up_on__counts_as_refused),
        cmocka_unit_test(refused__nobody_listens__is_no_refusal),
        cmocka_unit_test(refused__path_too_long__is_not_sent),
        cmocka_unit_test(opened__longest_path__arrives_whole),
        cmocka_unit_test(end__reset_with_or_without_close__is_told_once),
        cmocka_unit_test(close__by_us__is_polite_and_silent),
        cmocka_unit_test(close__before_it_opened__is_silent),
        cmocka_unit_test(deadline__passes__is_told_and_closes),
        cmocka_unit_test(deadline__before_an_answer__is_told),
        cmocka_unit_test(destroy__watches_open__gives_no_signal),
    };

    return RUN_TESTS(tests);
}
