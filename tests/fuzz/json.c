/* SPDX-License-Identifier: MIT
 *
 * JSON as the headers of model files, their label names and jobs are read. What
 * was read is written as text and read back.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "fuzz.h"
#include "model/json_text.h"

static lockstep_status parse(json_t **value, const char *text, size_t length, size_t n_values_max,
                             lockstep_error *error)
{
	struct ls_json_source source = {"file", "metadata 'job'", text, length, n_values_max, 0};
	return ls_json_parse(value, &source, error);
}

/* Values and keys, all levels. */
static size_t count_values(const json_t *value)
{
	size_t n = 1;
	for (size_t i = 0; i < json_array_size(value); i++)
		n += count_values(json_array_get(value, i));
	for (void *entry = json_object_iter((json_t *)(uintptr_t)value); entry;
	     entry = json_object_iter_next((json_t *)(uintptr_t)value, entry))
		n += 1 + count_values(json_object_iter_value(entry));
	return n;
}

static void check_again(const json_t *value)
{
	json_t *again = NULL;
	lockstep_error error = {0};
	size_t length = 0;
	char *text = ls_json_write(value, &length);

	ls_fuzz_check(text != NULL, "a value can be written");
	for (size_t i = 0; i < length; i++)
		ls_fuzz_check((unsigned char)text[i] >= ' ', "a value is written on one line");
	ls_fuzz_check(!parse(&again, text, length, SIZE_MAX, &error), "what was written can be read");
	ls_fuzz_check(json_equal(value, again), "what was written reads back equal");
	json_decref(again);
	ls_memory_free(text);
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	struct ls_fuzz_input input = {bytes, bytes + n};
	json_t *value = NULL;
	lockstep_error error = {0};

	size_t n_values_max = 16 * (size_t)ls_fuzz_take_byte(&input);
	lockstep_status status = parse(&value, (const char *)input.at, ls_fuzz_left(&input), n_values_max, &error);
	if (status) {
		ls_fuzz_check_failure(status, &error, value);
		return 0;
	}
	ls_fuzz_check(count_values(value) <= n_values_max + 1, "values are at most as many as was allowed");
	check_again(value);
	json_decref(value);
	return 0;
}
