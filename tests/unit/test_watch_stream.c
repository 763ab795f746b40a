#define _GNU_SOURCE /* strcasestr */
#include "../../operator/base/memory.h"
#include "../../operator/kube/watch_stream.h"
#include "../../operator/kube/ws_message.h"
#include "fake_server.h"
#include "watch_recorder.h"

enum { PATIENCE_MS = 10000 };

static struct fake_server server;
static struct http_client *client;
static struct watch_stream *stream;
static uint64_t refused_credentials;

static size_t headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial)
{
    static const struct http_header list[] = { { "Authorization", "Bearer x" } };

    (void)context;
    *ret_list = list;
    *ret_serial = 42;
    return 1;
}

static void signalled(void *context, const struct watch_signal *signal, uint64_t credentials)
{
    assert_ptr_equal(context, &server);
    if (signal->type == WATCH_CLOSED)
        refused_credentials = credentials;
    record(signal);
}

static void open_watch(fake_serve *serve, const void *script, unsigned timeout_ms)
{
    auto_strbuf struct strbuf url = { 0 };
    struct http_settings settings = { .user_agent = "kitae/test" };
    struct watch_command command = {
        .open = true, .slot = 3, .serial = 7, .path = xstrdup("/api/v1/pods?watch=true"), .timeout_ms = timeout_ms
    };

    memset(&seen, 0, sizeof(seen));
    fake_start(&server, serve, script);
    strbuf_addf(&url, "http://127.0.0.1:%u", server.port);
    settings.url = strbuf_text(&url);
    client = http_client_create(&settings, headers, NULL, NULL);
    stream = watch_stream_create(client, &command, signalled, &server);
}

static void step_until(const unsigned *count, unsigned wanted)
{
    int64_t until = fake_ms() + PATIENCE_MS;

    while (*count < wanted && fake_ms() < until) {
        http_client_wait(client, NULL, 0, 100);
        http_client_step(client);
    }
    assert_int_equal(*count, wanted);
}

static void finish(void)
{
    watch_stream_destroy(stream);
    http_client_destroy(client);
    fake_stop(&server);
}

/* Sends the script's bytes in pieces of its first number. */
struct pieces {
    size_t size;
    const char *text;
};

static const char *const events[] = { "{\"type\":\"ADDED\",\"object\":{}}", "{\"a\":1}", "{\"type\":\"BOOKMARK\"}" };
static const char all_events[] =
    "{\"type\":\"ADDED\",\"object\":{}}\n{\"a\":1}\n\n{\"type\":\"BOOKMARK\"}\nhalf an eve";

static void serve_pieces(struct fake_server *of, int fd, unsigned nth)
{
    const struct pieces *pieces = of->script;
    size_t length = strlen(pieces->text);
    char size[32];

    (void)nth;
    if (!fake_reads(of, fd))
        return;
    fake_says(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < length; at += pieces->size) {
        size_t piece = length - at < pieces->size ? length - at : pieces->size;

        snprintf(size, sizeof(size), "%zx\r\n", piece);
        fake_says(fd, size);
        fake_send(fd, pieces->text + at, piece);
        fake_says(fd, "\r\n");
    }
    fake_says(fd, "0\r\n\r\n");
}

static void events__in_pieces_of_any_size__are_whole(void **state)
{
    (void)state;
    for (size_t size = 1; size <= sizeof(all_events); size++) {
        struct pieces pieces = { size, all_events };

        open_watch(serve_pieces, &pieces, PATIENCE_MS);
        step_until(&seen.closed, 1);
        assert_int_equal(seen.opened, 1);
        assert_int_equal(seen.messages, 3);
        for (int i = 0; i < 3; i++)
            assert_string_equal(seen.first_bytes[i], events[i]);
        assert_false(seen.end.refused);
        assert_int_equal(seen.end.http_status, 0);
        finish();
    }
}

static void serve_silence(struct fake_server *of, int fd, unsigned nth)
{
    (void)nth;
    if (!fake_reads(of, fd))
        return;
    fake_says(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    fake_wait(of, fd);
}

static void opened__before_the_first_event__is_said(void **state)
{
    (void)state;
    open_watch(serve_silence, NULL, PATIENCE_MS);
    step_until(&seen.opened, 1);
    assert_contains(fake_request(&server, 0), "GET /api/v1/pods?watch=true HTTP/1.1\r\n");
    assert_contains(fake_request(&server, 0), "Authorization: Bearer x\r\n");
    watch_stream_destroy(take(stream)); /* closed by us: no signal */
    http_client_step(client);
    assert_int_equal(seen.closed, 0);
    finish();
}

static void deadline__passes__closes(void **state)
{
    (void)state;
    open_watch(serve_silence, NULL, 100);
    step_until(&seen.closed, 1);
    assert_false(seen.end.refused);
    finish();
}

static void serve_status(struct fake_server *of, int fd, unsigned nth)
{
    (void)nth;
    if (fake_reads(of, fd))
        fake_answers(fd, of->script, "Retry-After: 1\r\n", "{\"kind\":\"Status\"}\n");
}

static void refused__any_status__is_told(void **state)
{
    static const char *const answers[] = { "401 Unauthorized", "403 Forbidden", "410 Gone", "429 Too Many Requests" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        open_watch(serve_status, answers[i], PATIENCE_MS);
        step_until(&seen.closed, 1);
        assert_int_equal(seen.opened + seen.messages, 0);
        assert_true(seen.end.refused);
        assert_false(seen.end.upgrade_refused);
        assert_int_equal(seen.end.http_status, atoi(answers[i]));
        assert_int_equal(seen.end.retry_after_ms, 1000);
        assert_int_equal(refused_credentials, 42);
        assert_contains(seen.problem, "the server answered 4");
        finish();
    }
}

static void serve_hang_up(struct fake_server *of, int fd, unsigned nth)
{
    (void)nth;
    fake_reads(of, fd);
}

static void refused__no_answer__is_told(void **state)
{
    (void)state;
    open_watch(serve_hang_up, NULL, PATIENCE_MS);
    step_until(&seen.closed, 1);
    assert_true(seen.end.refused);
    assert_int_equal(seen.end.http_status, 0);
    finish();
}

static void serve_flood(struct fake_server *of, int fd, unsigned nth)
{
    static char block[1024 * 1024];

    (void)nth;
    memset(block, 'x', sizeof(block));
    if (!fake_reads(of, fd))
        return;
    fake_says(fd, "HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < WS_MESSAGE_MAX / (1024 * 1024) + 1; i++)
        fake_send(fd, block, sizeof(block));
}

static void event__without_end__closes(void **state)
{
    (void)state;
    open_watch(serve_flood, NULL, PATIENCE_MS);
    step_until(&seen.closed, 1);
    assert_string_equal(seen.problem, "an event is too large");
    assert_int_equal(seen.messages, 0);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events__in_pieces_of_any_size__are_whole),
        cmocka_unit_test(opened__before_the_first_event__is_said),
        cmocka_unit_test(deadline__passes__closes),
        cmocka_unit_test(refused__any_status__is_told),
        cmocka_unit_test(refused__no_answer__is_told),
        cmocka_unit_test(event__without_end__closes),
    };

    return RUN_TESTS(tests);
}
