/* SPDX-License-Identifier: MIT
 *
 * Blocks in a list, each filled from its start. What does not fit the first gets
 * one of its own size, or the next.
 */
#include "arena.h"

#include <string.h>

#include "base/memory.h"

#define ALIGNMENT 16

struct ls_arena_block {
	struct ls_arena_block *next;
	size_t used, size; /* with this header */
};

#define HEADER ((sizeof(struct ls_arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

#ifndef __has_feature
#define __has_feature(name) 0
#endif
/* AddressSanitizer guards the ends of blocks: there, each allocation has one of its own. */
#if defined __SANITIZE_ADDRESS__ || __has_feature(address_sanitizer)
#define BLOCK_BYTES HEADER
#else
#define BLOCK_BYTES ((size_t)16 << 10)
#endif

static struct ls_arena_block *add_block(struct ls_arena *arena, size_t bytes)
{
	size_t size = bytes > BLOCK_BYTES - HEADER ? HEADER + bytes : BLOCK_BYTES;
	struct ls_arena_block *block = ls_memory_allocate(size, 1);
	if (!block)
		return NULL;
	*block = (struct ls_arena_block){arena->blocks, HEADER, size};
	arena->blocks = block;
	return block;
}

void *ls_arena_allocate(struct ls_arena *arena, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > (size_t)-1 / 4)
		return NULL;
	bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	struct ls_arena_block *block = arena->blocks;
	if (!block || bytes > block->size - block->used)
		block = add_block(arena, bytes);
	if (!block)
		return NULL;
	char *place = (char *)block + block->used;
	block->used += bytes;
	return place;
}

char *ls_arena_copy(struct ls_arena *arena, const char *text, size_t n)
{
	char *copy = ls_arena_allocate(arena, n + 1, 1);
	if (copy && n)
		memcpy(copy, text, n);
	return copy;
}

/* What it grew out of stays in the arena: less than the array itself. */
void *ls_arena_grow(struct ls_arena *arena, void *array, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return array;
	size_t larger = n ? 2 * n : 8;
	void *copy = ls_arena_allocate(arena, larger, size);
	if (!copy)
		return NULL;
	if (n)
		memcpy(copy, array, n * size);
	*room = larger;
	return copy;
}

void ls_arena_fini(struct ls_arena *arena)
{
	while (arena->blocks) {
		struct ls_arena_block *block = arena->blocks;
		arena->blocks = block->next;
		ls_memory_free(block);
	}
}
