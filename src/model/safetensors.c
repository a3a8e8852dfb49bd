/* SPDX-License-Identifier: MIT
 *
 * Writing the container. The digest stands at one fixed place, right after the
 * header's first bytes: it is computed over the header in memory and the data,
 * put in, and then all is written once. Data pass through a block in explicit
 * little-endian order, on every machine.
 */
#include "safetensors.h"

#include <jansson.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/memory.h"
#include "frame.h"
#include "json_text.h"

static const char no_digest[] = "0000000000000000000000000000000000000000000000000000000000000000";

struct ls_sha256 *ls_frame_hash(const struct ls_frame *frame)
{
	struct ls_sha256 *hash = ls_sha256_create();
	if (!hash)
		return NULL;
	size_t after = LS_DIGEST_AT + LS_SHA256_DIGITS;
	ls_sha256_add(hash, frame->bytes, LS_DIGEST_AT);
	ls_sha256_add(hash, no_digest, LS_SHA256_DIGITS);
	ls_sha256_add(hash, frame->bytes + after, frame->n_bytes - after);
	return hash;
}

size_t ls_tensor_elements(const struct ls_tensor *tensor)
{
	uint64_t elements = 1;
	for (uint32_t i = 0; i < tensor->rank; i++)
		elements *= tensor->shape[i];
	return (size_t)elements;
}

static void encode(unsigned char *bytes, const float *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, &values[i], sizeof bits);
		for (int k = 0; k < LS_FLOAT_BYTES; k++)
			bytes[LS_FLOAT_BYTES * i + k] = (unsigned char)(bits >> 8 * k);
	}
}

static json_t *metadata_object(const struct ls_safetensors *contents)
{
	json_t *object = json_object();
	int failed = json_object_set_new(object, "digest", json_string(no_digest));

	for (size_t i = 0; i < contents->n_metadata && !failed; i++)
		failed =
		    json_object_set_new(object, contents->metadata[i].key, json_string(contents->metadata[i].value));
	if (failed) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *integer_array(const uint64_t *values, uint32_t n)
{
	json_t *array = json_array();
	int failed = !array;

	for (uint32_t i = 0; i < n && !failed; i++)
		failed = json_array_append_new(array, json_integer((json_int_t)values[i]));
	if (failed) {
		json_decref(array);
		return NULL;
	}
	return array;
}

static json_t *tensor_object(const struct ls_tensor *tensor, uint64_t begin)
{
	uint64_t offsets[] = {begin, begin + (uint64_t)LS_FLOAT_BYTES * ls_tensor_elements(tensor)};
	json_t *object = json_object();

	if (json_object_set_new(object, "dtype", json_string("F32")) ||
	    json_object_set_new(object, "shape", integer_array(tensor->shape, tensor->rank)) ||
	    json_object_set_new(object, "data_offsets", integer_array(offsets, 2))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *header_object(const struct ls_safetensors *contents)
{
	json_t *header = json_object();
	int failed = json_object_set_new(header, LS_METADATA_KEY, metadata_object(contents));
	uint64_t begin = 0;

	for (size_t i = 0; i < contents->n_tensors && !failed; i++) {
		const struct ls_tensor *tensor = &contents->tensors[i];
		failed = json_object_set_new(header, tensor->name, tensor_object(tensor, begin));
		begin += (uint64_t)LS_FLOAT_BYTES * ls_tensor_elements(tensor);
	}
	if (failed) {
		json_decref(header);
		return NULL;
	}
	return header;
}

/* The frame of `contents`, its digest still all '0'. */
static lockstep_status make_frame(struct ls_frame *frame, const struct ls_safetensors *contents, const char *path,
                                  lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	size_t length = 0;
	json_t *header = header_object(contents);
	char *text = header ? ls_json_write(header, &length) : NULL;
	size_t padded = (length + LS_HEADER_ALIGNMENT - 1) / LS_HEADER_ALIGNMENT * LS_HEADER_ALIGNMENT;

	frame->n_bytes = LS_LENGTH_BYTES + padded;
	if (!text)
		status = ls_error_set(error, LOCKSTEP_ERROR_MEMORY,
		                      "%s: cannot make the header: out of memory, or a text is not UTF-8", path);
	else if (padded > LS_HEADER_MAX)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                      "%s: names and texts of %zu bytes are too long for the header", path, length);
	else if (!(frame->bytes = ls_memory_allocate(frame->n_bytes, 1)))
		status = ls_error_memory(error, "the header of a model file");

	if (!status) {
		for (int i = 0; i < LS_LENGTH_BYTES; i++)
			frame->bytes[i] = (unsigned char)((uint64_t)padded >> 8 * i);
		memcpy(frame->bytes + LS_LENGTH_BYTES, text, length);
		memset(frame->bytes + LS_LENGTH_BYTES + length, ' ', padded - length);
	}
	ls_memory_free(text);
	json_decref(header);
	return status;
}

/* Sends all data through `block` into the file, or into the hash when there is no file. */
static lockstep_status put_data(const struct ls_safetensors *contents, unsigned char *block, struct ls_sha256 *hash,
                                struct ls_atomic_file *file, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; i < contents->n_tensors; i++) {
		size_t elements = ls_tensor_elements(&contents->tensors[i]);
		for (size_t done = 0, n; done < elements && !status; done += n) {
			n = elements - done < LS_BLOCK_FLOATS ? elements - done : LS_BLOCK_FLOATS;
			encode(block, contents->tensors[i].data + done, n);
			if (file)
				status = ls_atomic_file_write(file, block, LS_FLOAT_BYTES * n, error);
			else
				ls_sha256_add(hash, block, LS_FLOAT_BYTES * n);
		}
	}
	return status;
}

static lockstep_status sign(struct ls_frame *frame, const struct ls_safetensors *contents, unsigned char *block,
                            lockstep_error *error)
{
	char digest[LS_SHA256_DIGITS + 1];
	struct ls_sha256 *hash = ls_frame_hash(frame);
	if (!hash)
		return ls_error_memory(error, "a digest");
	put_data(contents, block, hash, NULL, NULL);
	ls_sha256_finish(hash, digest);
	memcpy(frame->bytes + LS_DIGEST_AT, digest, LS_SHA256_DIGITS);
	return LOCKSTEP_OK;
}

static lockstep_status write_file(const struct ls_frame *frame, const struct ls_safetensors *contents,
                                  unsigned char *block, const char *path, lockstep_error *error)
{
	struct ls_atomic_file *file = NULL;
	lockstep_status status = ls_atomic_file_create(&file, path, error);
	if (!status)
		status = ls_atomic_file_write(file, frame->bytes, frame->n_bytes, error);
	if (!status)
		status = put_data(contents, block, NULL, file, error);
	if (status)
		ls_atomic_file_discard(file);
	else
		status = ls_atomic_file_commit(file, error);
	return status;
}

lockstep_status ls_safetensors_save(const struct ls_safetensors *contents, const char *path, lockstep_error *error)
{
	struct ls_frame frame = {NULL, 0};
	lockstep_status status = make_frame(&frame, contents, path, error);
	unsigned char *block = status ? NULL : ls_memory_allocate(LS_BLOCK_FLOATS, LS_FLOAT_BYTES);

	if (!status && !block)
		status = ls_error_memory(error, "a block of a model file");
	if (!status)
		status = sign(&frame, contents, block, error);
	if (!status)
		status = write_file(&frame, contents, block, path, error);
	ls_memory_free(block);
	ls_memory_free(frame.bytes);
	return status;
}
