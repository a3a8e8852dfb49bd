/* SPDX-License-Identifier: MIT
 *
 * aligned_alloc() behind a check of the product and a failure counter. Large
 * blocks ask for huge pages: the rows of a layer lie pages apart, more than a
 * core keeps translations for.
 */
#include "memory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 64
#define HUGE_PAGE ((size_t)2 << 20)

/* Allocations since ls_memory_fail_at(), and the one that fails (0: none).
 * Relaxed: only tests read them, and those allocate from one thread. */
static atomic_long n_allocations;
static atomic_long failing_allocation;

long ls_memory_fail_at(long n)
{
	atomic_store_explicit(&failing_allocation, n, memory_order_relaxed);
	return atomic_exchange_explicit(&n_allocations, 0, memory_order_relaxed);
}

static int must_fail(void)
{
	long n = atomic_fetch_add_explicit(&n_allocations, 1, memory_order_relaxed) + 1;
	return n == atomic_load_explicit(&failing_allocation, memory_order_relaxed);
}

static void *allocate_aligned(size_t bytes)
{
#ifdef MADV_HUGEPAGE
	if (bytes >= HUGE_PAGE) {
		void *block = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
		if (block)
			(void)madvise(block, bytes, MADV_HUGEPAGE); /* a wish: refused by some kernels */
		return block;
	}
#endif
	return aligned_alloc(ALIGNMENT, bytes);
}

void *ls_memory_allocate(size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2 || must_fail())
		return NULL;

	size_t rounded = bytes ? (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
	void *block = allocate_aligned(rounded);
	if (block)
		memset(block, 0, rounded);
	return block;
}

void *ls_memory_grow(void *block, size_t old_bytes, size_t count, size_t size)
{
	void *larger = ls_memory_allocate(count, size);
	if (!larger)
		return NULL;
	if (block)
		memcpy(larger, block, old_bytes < count * size ? old_bytes : count * size);
	ls_memory_free(block);
	return larger;
}

char *ls_memory_copy_text(const char *text)
{
	size_t length = strlen(text) + 1;
	char *copy = ls_memory_allocate(length, 1);
	if (copy)
		memcpy(copy, text, length);
	return copy;
}

int ls_memory_has_room(size_t bytes)
{
	void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return room != MAP_FAILED && !munmap(room, bytes);
}

void ls_memory_free(void *block)
{
	free(block);
}
