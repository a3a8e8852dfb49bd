/* SPDX-License-Identifier: MIT
 *
 * Memory of the library: zeroed, aligned to 64 bytes, with every product of
 * sizes checked. Tests make the n-th allocation fail through
 * ls_memory_fail_at(); nothing else knows of that counter.
 */
#ifndef LS_BASE_MEMORY_H
#define LS_BASE_MEMORY_H

#include <stddef.h>

/* `count` x `size` zeroed bytes, 64-byte aligned; NULL when the product
 * overflows or memory is short. A product of 0 gives a valid pointer. */
void *ls_memory_allocate(size_t count, size_t size);

/* Moves a block of `old_bytes` into one of count x size zero-filled bytes.
 * On failure returns NULL and leaves `block` as it is. */
void *ls_memory_grow(void *block, size_t old_bytes, size_t count, size_t size);

/* A copy of the text, from ls_memory_allocate(); NULL when memory is short. */
char *ls_memory_copy_text(const char *text);

void ls_memory_free(void *block);

/* Could the process have so much more memory now? For libraries that die where it
 * runs out. */
int ls_memory_has_room(size_t bytes);

/* For tests: the n-th allocation from now (1 = the next) fails, once. 0 turns
 * it off. Returns how many allocations were made since the last call. */
long ls_memory_fail_at(long n);

#endif
