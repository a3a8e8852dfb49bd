/* SPDX-License-Identifier: MIT
 *
 * Memory that is given back all at once: texts and arrays of a result that lives
 * and dies as one.
 */
#ifndef LS_STUDY_ARENA_H
#define LS_STUDY_ARENA_H

#include <stddef.h>

struct ls_arena_block;

/* Zeroed: an empty one. */
struct ls_arena {
	struct ls_arena_block *blocks;
};

/* count x size zeroed bytes, aligned to 16; NULL when memory is short. */
void *ls_arena_allocate(struct ls_arena *arena, size_t count, size_t size);

/* A copy of n bytes with a 0 behind them; NULL when memory is short. */
char *ls_arena_copy(struct ls_arena *arena, const char *text, size_t n);

/* An array of `n` members with room for one more; `*room` is how many it has room
 * for, 0 at first, when `array` is NULL. Returns it, or where it was moved to;
 * NULL when memory is short. */
void *ls_arena_grow(struct ls_arena *arena, void *array, size_t n, size_t *room, size_t size);

void ls_arena_fini(struct ls_arena *arena);

#endif
