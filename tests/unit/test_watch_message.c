#include "../../operator/base/memory.h"
#include "../../operator/kube/ws_message.h"
#include "unit.h"

static void take_whole(struct ws_message *message, const char *want)
{
    size_t length;
    auto_free char *text = ws_message_take(message, &length);

    assert_int_equal(length, strlen(want));
    assert_string_equal(text, want);
    assert_null(message->text);
}

static void add__one_piece__is_whole(void **state)
{
    struct ws_message message = { 0 };

    (void)state;
    assert_int_equal(ws_message_add(&message, "hello", 5, 0, true), WS_MESSAGE_WHOLE);
    assert_int_equal(message.capacity, 6); /* nothing to spare: the memory is given away */
    take_whole(&message, "hello");
}

static void add__empty_message__is_whole(void **state)
{
    struct ws_message message = { 0 };

    (void)state;
    assert_int_equal(ws_message_add(&message, NULL, 0, 0, true), WS_MESSAGE_WHOLE);
    take_whole(&message, "");
}

static void add__cut_at_every_byte__is_put_together(void **state)
{
    static const char text[] = "{\"type\":\"ADDED\",\"object\":{}}\n";
    size_t length = sizeof(text) - 1;

    (void)state;
    for (size_t first = 0; first <= length; first++)
        for (size_t second = first; second <= length; second++) {
            struct ws_message message = { 0 };

            ws_message_add(&message, text, first, length - first, true);
            ws_message_add(&message, text + first, second - first, length - second, true);
            if (second < length)
                assert_int_equal(ws_message_add(&message, text + second, length - second, 0, true), WS_MESSAGE_WHOLE);
            assert_true(message.capacity <= length + 1);
            take_whole(&message, text);
        }
}

static void add__several_frames__are_put_together(void **state)
{
    struct ws_message message = { 0 };

    (void)state;
    assert_int_equal(ws_message_add(&message, "ab", 2, 0, false), WS_MESSAGE_PART);
    assert_int_equal(ws_message_add(&message, "", 0, 0, false), WS_MESSAGE_PART);
    assert_int_equal(ws_message_add(&message, "c", 1, 1, false), WS_MESSAGE_PART);
    assert_int_equal(ws_message_add(&message, "d", 1, 0, false), WS_MESSAGE_PART);
    assert_int_equal(ws_message_add(&message, "e", 1, 1, true), WS_MESSAGE_PART);
    assert_int_equal(ws_message_add(&message, "f", 1, 0, true), WS_MESSAGE_WHOLE);
    take_whole(&message, "abcdef");
}

static void add__announced_too_large__is_refused_at_once(void **state)
{
    struct ws_message message = { 0 };

    (void)state;
    assert_int_equal(ws_message_add(&message, "a", 1, WS_MESSAGE_MAX, true), WS_MESSAGE_TOO_LARGE);
    assert_null(message.text);
    assert_int_equal(ws_message_add(&message, "a", 1, SIZE_MAX, true), WS_MESSAGE_TOO_LARGE);
    assert_int_equal(ws_message_add(&message, "a", 1, 0, false), WS_MESSAGE_PART);
    assert_int_equal(ws_message_add(&message, "a", 1, WS_MESSAGE_MAX - 1, true), WS_MESSAGE_TOO_LARGE);
    assert_int_equal(message.length, 0);
    ws_message_finish(&message);
}

static void add__the_largest__is_whole(void **state)
{
    enum { PIECE = 1024 * 1024 };
    auto_free char *piece = xcalloc(1, PIECE), *text = NULL;
    struct ws_message message = { 0 };
    size_t left = WS_MESSAGE_MAX;

    (void)state;
    memset(piece, 'x', PIECE);
    for (; left > PIECE; left -= PIECE)
        assert_int_equal(ws_message_add(&message, piece, PIECE, 0, false), WS_MESSAGE_PART);
    assert_int_equal(ws_message_add(&message, piece, left, 0, true), WS_MESSAGE_WHOLE);
    text = ws_message_take(&message, &left);
    assert_int_equal(left, WS_MESSAGE_MAX);
    assert_int_equal(strlen(text), WS_MESSAGE_MAX);
}

static void finish__half_a_message__is_freed(void **state)
{
    struct ws_message message = { 0 };

    (void)state;
    ws_message_add(&message, "half", 4, 4, true);
    ws_message_finish(&message);
    ws_message_finish(&message);
    assert_null(message.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add__one_piece__is_whole),
        cmocka_unit_test(add__empty_message__is_whole),
        cmocka_unit_test(add__cut_at_every_byte__is_put_together),
        cmocka_unit_test(add__several_frames__are_put_together),
        cmocka_unit_test(add__announced_too_large__is_refused_at_once),
        cmocka_unit_test(add__the_largest__is_whole),
        cmocka_unit_test(finish__half_a_message__is_freed),
    };

    return RUN_TESTS(tests);
}
