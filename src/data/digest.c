/* SPDX-License-Identifier: MIT
 *
 * The digest of a table: one line of text that says what follows, the values,
 * the labels. Words go through a small buffer as little-endian bytes, so that
 * every machine hashes the same bytes.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/sha256.h"
#include "table.h"

#define CHUNK_WORDS 4096

/* Adds 32-bit words of memory, floats or integers, lowest byte first. */
static void add_words(struct ls_sha256 *hash, const void *words, size_t n)
{
	const char *next = words;
	uint8_t bytes[4 * CHUNK_WORDS];

	while (n) {
		size_t chunk = n < CHUNK_WORDS ? n : CHUNK_WORDS;
		for (size_t i = 0; i < chunk; i++) {
			uint32_t word;
			memcpy(&word, next + 4 * i, sizeof word);
			bytes[4 * i] = (uint8_t)word;
			bytes[4 * i + 1] = (uint8_t)(word >> 8);
			bytes[4 * i + 2] = (uint8_t)(word >> 16);
			bytes[4 * i + 3] = (uint8_t)(word >> 24);
		}
		ls_sha256_add(hash, bytes, 4 * chunk);
		next += 4 * chunk;
		n -= chunk;
	}
}

static const char *kind_word(enum lockstep_label_kind kind)
{
	switch (kind) {
	case LOCKSTEP_LABELS_CLASS:
		return "class";
	case LOCKSTEP_LABELS_MULTI:
		return "multi";
	case LOCKSTEP_LABELS_NONE:
		break;
	}
	return "none";
}

lockstep_status ls_table_digest(const struct ls_table *table, char digest[65], lockstep_error *error)
{
	char header[160];
	struct ls_sha256 *hash;

	digest[0] = '\0';
	if (!table->n_rows)
		return LOCKSTEP_OK;
	hash = ls_sha256_create();
	if (!hash)
		return ls_error_memory(error, "a digest");
	int length = snprintf(header, sizeof header, "lockstep-data-1 %s %zu %zu %s %zu\n", table->bytes ? "u8" : "f32",
	                      table->n_rows, table->n_features, kind_word(table->label_kind), table->n_labels);
	ls_sha256_add(hash, header, (size_t)length);
	if (table->bytes)
		ls_sha256_add(hash, table->bytes, table->n_rows * table->n_features);
	else
		add_words(hash, table->floats, table->n_rows * table->n_features);
	if (table->classes)
		add_words(hash, table->classes, table->n_rows);
	if (table->flags)
		ls_sha256_add(hash, table->flags, table->n_rows * table->n_labels);
	ls_sha256_finish(hash, digest);
	return LOCKSTEP_OK;
}
