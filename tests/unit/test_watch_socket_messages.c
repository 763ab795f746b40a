#include "../../operator/kube/ws_message.h"
#include "socket_fixture.h"

/* Three messages, the second in three frames with pings between them, cut in two at every byte in turn. */
static size_t write_frames(unsigned char *to)
{
    size_t at = fake_frame(to, WS_FINAL | WS_TEXT, "first\n", 6);

    at += fake_frame(to + at, WS_TEXT, "sec", 3);
    at += fake_frame(to + at, WS_FINAL | WS_PING, "ping", 4);
    at += fake_frame(to + at, WS_CONTINUATION, "on", 2);
    at += fake_frame(to + at, WS_FINAL | WS_PING, NULL, 0);
    at += fake_frame(to + at, WS_FINAL | WS_CONTINUATION, "d\n", 2);
    at += fake_frame(to + at, WS_FINAL | WS_TEXT, "third\n", 6);
    return at;
}

static void serve_cut(struct fake_server *of, int fd, unsigned nth)
{
    const size_t *cut = of->script;
    const char *request = fake_reads(of, fd);
    unsigned char frames[256];
    size_t length = write_frames(frames);

    (void)nth;
    if (!request)
        return;
    fake_upgrades(fd, request);
    fake_send(fd, frames, *cut);
    fake_pause(2);
    fake_send(fd, frames + *cut, length - *cut);
    fake_sends_close(fd, 1000);
}

static void messages__cut_at_every_byte__are_whole(void **state)
{
    static const char *const wants[] = { "first\n", "second\n", "third\n" };
    unsigned char frames[256];
    size_t length = write_frames(frames);

    (void)state;
    for (size_t cut = 0; cut <= length; cut++) {
        open_watch(serve_cut, &cut);
        service_until(&seen.closed, 1);
        assert_int_equal(seen.messages, 3);
        for (int i = 0; i < 3; i++)
            assert_string_equal(seen.first_bytes[i], wants[i]);
        assert_false(seen.end.refused);
        assert_string_equal(seen.problem, "closed by the server, code 1000");
        finish();
    }
}

static void serve_large(struct fake_server *of, int fd, unsigned nth)
{
    static const size_t sizes[] = { 125, 126, 65535, 65536, 1000410, 1, WS_MESSAGE_MAX };
    const char *request = fake_reads(of, fd);
    char *payload = calloc(1, WS_MESSAGE_MAX);

    (void)nth;
    memset(payload, 'x', WS_MESSAGE_MAX);
    if (request)
        fake_upgrades(fd, request);
    for (size_t i = 0; request && i < sizeof(sizes) / sizeof(sizes[0]); i++)
        fake_sends_frame(fd, WS_FINAL | WS_TEXT, payload, sizes[i]);
    fake_sends_frame(fd, WS_FINAL | WS_CLOSE, NULL, 0);
    free(payload);
}

static void messages__of_all_sizes__are_whole(void **state)
{
    static const size_t sizes[] = { 125, 126, 65535, 65536, 1000410, 1, WS_MESSAGE_MAX };

    (void)state;
    open_watch(serve_large, NULL);
    service_until(&seen.closed, 1);
    assert_int_equal(seen.messages, ARRAY_SIZE(sizes));
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        assert_int_equal(seen.lengths[i], sizes[i]);
    finish();
}

static void serve_too_large(struct fake_server *of, int fd, unsigned nth)
{
    static const unsigned char head[] = { WS_FINAL | WS_TEXT, 127, 0, 0, 0, 0, 1, 0, 0, 1 }; /* 16 MiB and 1 */
    static const char beginning[64 * 1024];                                                  /* is passed on by then */
    const char *request = fake_reads(of, fd);

    (void)nth;
    if (!request)
        return;
    fake_upgrades(fd, request);
    fake_send(fd, head, sizeof(head));
    fake_send(fd, beginning, sizeof(beginning));
    fake_wait(of, fd);
}

static void message__too_large__closes(void **state)
{
    (void)state;
    open_watch(serve_too_large, NULL);
    service_until(&seen.closed, 1);
    assert_int_equal(seen.messages, 0);
    assert_string_equal(seen.problem, "an event is too large");
    assert_false(seen.end.refused);
    finish();
}

static void serve_many(struct fake_server *of, int fd, unsigned nth)
{
    const char *request = fake_reads(of, fd);

    (void)nth;
    if (!request)
        return;
    fake_upgrades(fd, request);
    for (int i = 0; i < 10; i++)
        fake_sends_text(fd, "event");
    fake_wait(of, fd);
}

static void message__no_room_for_it__closes(void **state)
{
    (void)state;
    start(serve_many, NULL);
    room = 4;
    open_path("/", PATIENCE_MS);
    service_until(&seen.closed, 1);
    assert_int_equal(seen.messages, 4);
    assert_contains(seen.problem, "faster");
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages__cut_at_every_byte__are_whole),
        cmocka_unit_test(messages__of_all_sizes__are_whole),
        cmocka_unit_test(message__too_large__closes),
        cmocka_unit_test(message__no_room_for_it__closes),
    };

    return RUN_TESTS(tests);
}
