#include "mailbox.h"

#include <pthread.h>

#include "memory.h"

struct mailbox {
    pthread_mutex_t lock;
    struct letter *first, **end;
    size_t size, limit;
    mailbox_wake *wake;
    void *context;
};

struct mailbox *mailbox_create(size_t limit, mailbox_wake *wake, void *context)
{
    struct mailbox *mailbox = xcalloc(1, sizeof(*mailbox));

    *mailbox = (struct mailbox){ .limit = limit, .wake = wake, .context = context };
    pthread_mutex_init(&mailbox->lock, NULL);
    mailbox->end = &mailbox->first;
    return mailbox;
}

void mailbox_destroy(struct mailbox *mailbox, void (*free_letter)(struct letter *letter))
{
    if (!mailbox)
        return;
    for (struct letter *letter = mailbox_take(mailbox), *next; letter; letter = next) {
        next = letter->next;
        free_letter(letter);
    }
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox);
}

static bool put(struct mailbox *mailbox, struct letter *letter, bool always)
{
    bool was_empty, fits;

    pthread_mutex_lock(&mailbox->lock);
    was_empty = !mailbox->first;
    fits = always || mailbox->size + letter->size <= mailbox->limit;
    if (fits) {
        letter->next = NULL;
        *mailbox->end = letter;
        mailbox->end = &letter->next;
        mailbox->size += letter->size;
    }
    pthread_mutex_unlock(&mailbox->lock);
    if (fits && was_empty && mailbox->wake)
        mailbox->wake(mailbox->context);
    return fits;
}

bool mailbox_put(struct mailbox *mailbox, struct letter *letter)
{
    return put(mailbox, letter, false);
}

void mailbox_put_always(struct mailbox *mailbox, struct letter *letter)
{
    put(mailbox, letter, true);
}

struct letter *mailbox_take(struct mailbox *mailbox)
{
    struct letter *letters;

    pthread_mutex_lock(&mailbox->lock);
    letters = mailbox->first;
    mailbox->first = NULL;
    mailbox->end = &mailbox->first;
    mailbox->size = 0;
    pthread_mutex_unlock(&mailbox->lock);
    return letters;
}
