#pragma once
/*
 * Memory of one pass: many small pieces, freed all at once. Zero-initialised is valid and empty. Pieces are zeroed and
 * aligned for any type. Nothing is ever freed singly.
 */

#include <stddef.h>

#include "error.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
};

void arena_finish(struct arena *arena); /* frees every piece; the arena is empty and may be used again */

void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *arena, const char *text, size_t length) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *arena, const char *text) __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...) printf_like(2, 3);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define auto_arena             __attribute__((cleanup(arena_finish)))
