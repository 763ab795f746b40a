#pragma once
/* Allocation that aborts on failure, and release at the end of a scope. Callers cap sizes from the network. */

#include <stddef.h>
#include <stdlib.h>

void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *memory, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *text, size_t length) __attribute__((malloc, returns_nonnull));

static inline void free_pointer(void *pointer)
{
    free(*(void **)pointer);
}

/* `auto_free char *text = xstrdup(...)`: freed at the end of the scope. */
#define auto_free __attribute__((cleanup(free_pointer)))

/* Hands a pointer over to a new owner: its value, and the variable becomes NULL. */
#define take(pointer)                                                                                                  \
    ({                                                                                                                 \
        __typeof__(pointer) taken_ = (pointer);                                                                        \
        (pointer) = NULL;                                                                                              \
        taken_;                                                                                                        \
    })

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Makes room for one more element in a growing array; `capacity` and `items` are its owner's. */
#define grow(items, count, capacity)                                                                                   \
    do {                                                                                                               \
        if ((count) == (capacity)) {                                                                                   \
            (capacity) = (capacity) ? 2 * (capacity) : 8;                                                              \
            (items) = xrealloc((items), (capacity) * sizeof(*(items)));                                                \
        }                                                                                                              \
    } while (0)
