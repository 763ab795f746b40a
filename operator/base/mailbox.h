#pragma once
/*
 * Letters from one thread to another, in order, limited in bytes. The sender wakes the receiver by a call of its own
 * choosing; receiving never blocks.
 */

#include <stdbool.h>
#include <stddef.h>

struct letter {
    struct letter *next;
    size_t size; /* what it counts against the limit; at least that of its own text */
};

struct mailbox;

typedef void mailbox_wake(void *context);

/* wake is called, from the sender's thread, when a letter came into an empty box; NULL: nobody needs waking. */
struct mailbox *mailbox_create(size_t limit, mailbox_wake *wake, void *context);
void mailbox_destroy(struct mailbox *mailbox, void (*free_letter)(struct letter *letter));

/* Gives a letter away. False, and it stays the caller's, when the box is full. */
bool mailbox_put(struct mailbox *mailbox, struct letter *take_letter);

/* The same for what must arrive whatever the limit says, such as that a watch has ended. */
void mailbox_put_always(struct mailbox *mailbox, struct letter *take_letter);

/* All letters at once, oldest first, linked by next; NULL: none. The caller owns them. */
struct letter *mailbox_take(struct mailbox *mailbox);
