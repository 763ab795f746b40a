#include <pthread.h>
#include <stdatomic.h>

#include "../../operator/base/mailbox.h"
#include "../../operator/base/memory.h"
#include "unit.h"

struct numbered {
    struct letter letter;
    unsigned number;
};

static atomic_uint freed, woken;

static void free_letter(struct letter *letter)
{
    atomic_fetch_add(&freed, 1);
    free(letter);
}

static void wake(void *context)
{
    assert_ptr_equal(context, &woken);
    atomic_fetch_add(&woken, 1);
}

static struct letter *make_letter(unsigned number, size_t size)
{
    struct numbered *numbered = xcalloc(1, sizeof(*numbered));

    *numbered = (struct numbered){ .letter.size = size, .number = number };
    return &numbered->letter;
}

static int reset(void **state)
{
    (void)state;
    atomic_store(&freed, 0);
    atomic_store(&woken, 0);
    return 0;
}

static void take__several__come_in_order(void **state)
{
    struct mailbox *mailbox = mailbox_create(1000, NULL, NULL);
    unsigned want = 0;

    (void)state;
    assert_null(mailbox_take(mailbox));
    for (unsigned i = 0; i < 3; i++)
        assert_true(mailbox_put(mailbox, make_letter(i, 1)));
    for (struct letter *letter = mailbox_take(mailbox), *next; letter; letter = next) {
        next = letter->next;
        assert_int_equal(((struct numbered *)letter)->number, want++);
        free_letter(letter);
    }
    assert_int_equal(want, 3);
    assert_null(mailbox_take(mailbox));
    mailbox_destroy(mailbox, free_letter);
}

static void put__beyond_the_limit__is_refused_but_for_what_must_arrive(void **state)
{
    struct mailbox *mailbox = mailbox_create(100, NULL, NULL);
    struct letter *refused = make_letter(2, 1);

    (void)state;
    assert_true(mailbox_put(mailbox, make_letter(0, 60)));
    assert_true(mailbox_put(mailbox, make_letter(1, 40)));
    assert_false(mailbox_put(mailbox, refused));
    mailbox_put_always(mailbox, make_letter(3, 500));
    mailbox_destroy(mailbox, free_letter);
    assert_int_equal(freed, 3);
    free(refused);
    mailbox_destroy(NULL, free_letter);
}

static void put__into_an_empty_box__wakes(void **state)
{
    struct mailbox *mailbox = mailbox_create(100, wake, &woken);
    struct letter *letter;

    (void)state;
    mailbox_put(mailbox, make_letter(0, 1));
    mailbox_put(mailbox, make_letter(1, 1));
    assert_int_equal(atomic_load(&woken), 1);
    letter = mailbox_take(mailbox);
    free(letter->next);
    free(letter);
    mailbox_put(mailbox, make_letter(2, 1));
    assert_int_equal(atomic_load(&woken), 2);
    mailbox_destroy(mailbox, free_letter);
}

enum { LETTERS = 20000 };

static void *send_many(void *context)
{
    for (unsigned i = 0; i < LETTERS; i++)
        mailbox_put_always(context, make_letter(i, 1));
    return NULL;
}

static void threads__all_letters_arrive_in_order(void **state)
{
    struct mailbox *mailbox = mailbox_create(100, wake, &woken);
    unsigned want = 0;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, send_many, mailbox), 0);
    while (want < LETTERS)
        for (struct letter *letter = mailbox_take(mailbox), *next; letter; letter = next) {
            next = letter->next;
            assert_int_equal(((struct numbered *)letter)->number, want++);
            free(letter);
        }
    pthread_join(thread, NULL);
    assert_true(atomic_load(&woken) >= 1);
    mailbox_destroy(mailbox, free_letter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(take__several__come_in_order, reset),
        cmocka_unit_test_setup(put__beyond_the_limit__is_refused_but_for_what_must_arrive, reset),
        cmocka_unit_test_setup(put__into_an_empty_box__wakes, reset),
        cmocka_unit_test_setup(threads__all_letters_arrive_in_order, reset),
    };

    return RUN_TESTS(tests);
}
