/* SPDX-License-Identifier: MIT
 *
 * The frame is put together from the layout's description, with no code of what
 * is tested but the hash.
 */
#include "container.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "model/safetensors.h"

#define PREFIX "{\"__metadata__\":{\"digest\":\""
#define DIGEST_AT (8 + sizeof PREFIX - 1)
#define TAIL_AT (DIGEST_AT + LS_SHA256_DIGITS + 1) /* behind the closing quote */

/* ---- Making files -------------------------------------------------------- */

void ls_fuzz_sign(uint8_t *file, size_t n)
{
	char digest[LS_SHA256_DIGITS + 1];
	if (n < DIGEST_AT + LS_SHA256_DIGITS)
		return;
	memset(file + DIGEST_AT, '0', LS_SHA256_DIGITS);
	ls_sha256(file, n, digest);
	memcpy(file + DIGEST_AT, digest, LS_SHA256_DIGITS);
}

uint8_t *ls_fuzz_frame(struct ls_fuzz_input input, size_t *n)
{
	struct ls_fuzz_input tail = input;
	const uint8_t *end = memchr(input.at, '\0', ls_fuzz_left(&input));
	if (end)
		tail.end = end;
	input.at = end ? end + 1 : input.end;

	size_t n_tail = ls_fuzz_left(&tail), n_data = ls_fuzz_left(&input);
	size_t begin = (TAIL_AT + n_tail + 7) / 8 * 8;
	uint8_t *file = malloc(begin + n_data);
	ls_fuzz_check(file != NULL, "a file can be made");
	for (int i = 0; i < 8; i++)
		file[i] = (uint8_t)((uint64_t)(begin - 8) >> 8 * i);
	memset(file + 8, ' ', begin - 8);
	memcpy(file + 8, PREFIX, sizeof PREFIX - 1);
	file[TAIL_AT - 1] = '"';
	memcpy(file + TAIL_AT, tail.at, n_tail);
	memcpy(file + begin, input.at, n_data);
	*n = begin + n_data;
	ls_fuzz_sign(file, *n);
	return file;
}

size_t ls_fuzz_frame_data(const uint8_t *file)
{
	size_t begin = 8;
	for (int i = 0; i < 8; i++)
		begin += (size_t)file[i] << 8 * i;
	return begin;
}

/* ---- Reading them -------------------------------------------------------- */

/* Rank and sizes, and data that the file can hold; returns the elements. */
static size_t check_tensors(const struct ls_safetensors *contents, size_t n_file)
{
	size_t n = 0;
	for (size_t i = 0; i < contents->n_tensors; i++) {
		const struct ls_tensor *tensor = &contents->tensors[i];
		ls_fuzz_check_plain(tensor->name);
		ls_fuzz_check(tensor->rank >= 1 && tensor->rank <= LS_TENSOR_RANK_MAX, "a rank is 1 to 4");
		ls_fuzz_check(!tensor->data, "data are the caller's");
		for (uint32_t k = 0; k < tensor->rank; k++)
			ls_fuzz_check(tensor->shape[k] >= 1, "sizes are 1 and more");
		ls_fuzz_check(ls_tensor_elements(tensor) <= n_file / 4, "a tensor is smaller than its file");
		n += ls_tensor_elements(tensor);
	}
	ls_fuzz_check(n <= n_file / 4, "all tensors are smaller than their file");
	return n;
}

static void check_texts(const struct ls_safetensors *contents)
{
	for (size_t i = 0; i < contents->n_metadata; i++) {
		const struct ls_metadata *pair = &contents->metadata[i];
		ls_fuzz_check_plain(pair->key);
		ls_fuzz_check_plain(pair->value);
		ls_fuzz_check(strcmp(pair->key, "digest") != 0, "the digest is the container's");
		ls_fuzz_check(ls_safetensors_value(contents, pair->key) == pair->value, "keys are unique");
	}
}

static float *read_tensors(struct ls_safetensors_reader *reader, size_t n_file)
{
	struct ls_safetensors *contents = ls_safetensors_contents(reader);
	lockstep_error error = {0};
	size_t n = check_tensors(contents, n_file);
	float *data = malloc((n + 1) * sizeof *data), *at = data;

	ls_fuzz_check(data != NULL, "the data fit into memory");
	for (size_t i = 0; i < contents->n_tensors; i++) {
		contents->tensors[i].data = at;
		at += ls_tensor_elements(&contents->tensors[i]);
	}
	ls_fuzz_check(!ls_safetensors_read(reader, &error), "a file that was opened can be read");
	return data;
}

static void compare(const struct ls_safetensors *a, const struct ls_safetensors *b)
{
	ls_fuzz_check(a->n_tensors == b->n_tensors && a->n_metadata == b->n_metadata, "as many tensors and texts");
	for (size_t i = 0; i < a->n_tensors; i++) {
		const struct ls_tensor *left = &a->tensors[i], *right = &b->tensors[i];
		ls_fuzz_check(!strcmp(left->name, right->name) && left->rank == right->rank &&
		                  !memcmp(left->shape, right->shape, left->rank * sizeof *left->shape),
		              "names and shapes are as before");
		ls_fuzz_check(!memcmp(left->data, right->data, ls_tensor_elements(left) * sizeof *left->data),
		              "data are as before");
	}
	for (size_t i = 0; i < a->n_metadata; i++)
		ls_fuzz_check(!strcmp(a->metadata[i].key, b->metadata[i].key) &&
		                  !strcmp(a->metadata[i].value, b->metadata[i].value),
		              "texts are as before");
}

static void check_again(const struct ls_safetensors *contents)
{
	char path[LS_FUZZ_PATH];
	struct ls_safetensors_reader *reader = NULL;
	lockstep_error error = {0};
	size_t n;

	ls_fuzz_path(path, "again.safetensors");
	ls_fuzz_check(!ls_safetensors_save(contents, path, &error), "what was read can be saved");
	free(ls_fuzz_read(path, &n));
	ls_fuzz_check(!ls_safetensors_open(&reader, path, &error), "what was saved can be opened");
	float *data = read_tensors(reader, n);
	compare(contents, ls_safetensors_contents(reader));
	free(data);
	ls_safetensors_close(reader);
}

void ls_fuzz_container(const char *path)
{
	struct ls_safetensors_reader *reader = NULL;
	lockstep_error error = {0};
	size_t n;

	lockstep_status status = ls_safetensors_open(&reader, path, &error);
	if (status) {
		ls_fuzz_check_failure(status, &error, reader);
		return;
	}
	free(ls_fuzz_read(path, &n));
	check_texts(ls_safetensors_contents(reader));
	float *data = read_tensors(reader, n);
	check_again(ls_safetensors_contents(reader));
	free(data);
	ls_safetensors_close(reader);
}
