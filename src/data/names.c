/* SPDX-License-Identifier: MIT
 *
 * Open addressing over FNV-1a, at most half full; it is built anew whenever
 * the indices change.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "number.h"

#define FIRST_CAPACITY 16
#define INTEGER_DIGITS 18 /* any such number is an int64_t */

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

/* The slot that holds the text, or the empty one where it would go. */
static size_t slot_of(const struct ls_names *names, const char *text)
{
	size_t slot = hash_of(text) & (names->n_slots - 1);
	while (names->slots[slot] && strcmp(names->texts[names->slots[slot] - 1], text) != 0)
		slot = (slot + 1) & (names->n_slots - 1);
	return slot;
}

static void fill_slots(struct ls_names *names)
{
	memset(names->slots, 0, names->n_slots * sizeof *names->slots);
	for (size_t i = 0; i < names->n; i++)
		names->slots[slot_of(names, names->texts[i])] = (uint32_t)i + 1;
}

static lockstep_status reserve(struct ls_names *names, lockstep_error *error)
{
	if (names->n < names->capacity)
		return LOCKSTEP_OK;
	size_t capacity = names->capacity ? names->capacity * 2 : FIRST_CAPACITY;
	uint32_t *slots = ls_memory_allocate(capacity * 4, sizeof *slots);
	char **texts =
	    slots ? ls_memory_grow(names->texts, names->capacity * sizeof *texts, capacity, sizeof *texts) : NULL;
	if (!texts) {
		ls_memory_free(slots);
		return ls_error_memory(error, "the names of classes");
	}
	ls_memory_free(names->slots);
	names->texts = texts;
	names->capacity = capacity;
	names->slots = slots;
	names->n_slots = capacity * 4;
	fill_slots(names);
	return LOCKSTEP_OK;
}

int ls_names_find(const struct ls_names *names, const char *text, uint32_t *index)
{
	if (!names->n)
		return 0;
	uint32_t entry = names->slots[slot_of(names, text)];
	if (entry)
		*index = entry - 1;
	return entry != 0;
}

lockstep_status ls_names_add(struct ls_names *names, const char *text, uint32_t *index, lockstep_error *error)
{
	if (ls_names_find(names, text, index))
		return LOCKSTEP_OK;
	lockstep_status status = reserve(names, error);
	if (status)
		return status;
	char *copy = ls_memory_copy_text(text);
	if (!copy)
		return ls_error_memory(error, "the name of a class");
	*index = (uint32_t)names->n;
	names->slots[slot_of(names, text)] = *index + 1;
	names->texts[names->n++] = copy;
	return LOCKSTEP_OK;
}

int ls_names_are_numbers(const struct ls_names *names, size_t from)
{
	float value;
	for (size_t i = from; i < names->n; i++)
		if (ls_number_parse(names->texts[i], &value) != LS_NUMBER_FINITE)
			return 0;
	return 1;
}

void ls_names_drop_first(struct ls_names *names)
{
	ls_memory_free(names->texts[0]);
	names->n--;
	memmove(names->texts, names->texts + 1, names->n * sizeof *names->texts);
	fill_slots(names);
}

struct entry {
	char *text;
	int64_t number;
	uint32_t index;
};

/* "-12", "7"; at most INTEGER_DIGITS digits. */
static int parse_integer(const char *text, int64_t *number)
{
	int64_t value = 0;
	int negative = *text == '-';
	size_t n = strlen(text += negative);

	if (!n || n > INTEGER_DIGITS || strspn(text, "0123456789") < n)
		return 0;
	for (; *text; text++)
		value = value * 10 + (*text - '0');
	*number = negative ? -value : value;
	return 1;
}

static int compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	return strcmp(left->text, right->text);
}

lockstep_status ls_names_sort(struct ls_names *names, uint32_t *new_index, lockstep_error *error)
{
	int all_integers = 1;
	struct entry *entries = ls_memory_allocate(names->n, sizeof *entries);
	if (!entries)
		return ls_error_memory(error, "sorting the classes");

	for (size_t i = 0; i < names->n; i++) {
		entries[i] = (struct entry){names->texts[i], 0, (uint32_t)i};
		all_integers = all_integers && parse_integer(names->texts[i], &entries[i].number);
	}
	for (size_t i = 0; i < names->n && !all_integers; i++)
		entries[i].number = 0;
	qsort(entries, names->n, sizeof *entries, compare);
	for (size_t i = 0; i < names->n; i++) {
		names->texts[i] = entries[i].text;
		new_index[entries[i].index] = (uint32_t)i;
	}
	fill_slots(names);
	ls_memory_free(entries);
	return LOCKSTEP_OK;
}

void ls_names_fini(struct ls_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		ls_memory_free(names->texts[i]);
	ls_memory_free(names->texts);
	ls_memory_free(names->slots);
	*names = (struct ls_names){0};
}
