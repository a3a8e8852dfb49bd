/* SPDX-License-Identifier: MIT
 *
 * The container of model files and checkpoints: named fp32 tensors and text
 * pairs in the safetensors layout (8-byte little-endian length of the header,
 * JSON header, raw little-endian data), plus a SHA-256 of all bytes of the
 * file, with its own 64 digits read as '0', as the first metadata pair
 * "digest". Readers of plain safetensors read these files; this reader refuses
 * files without the digest, and any whose bytes do not match it.
 *
 * What the names and texts mean is the business of model.c and others.
 */
#ifndef LS_TRAIN_SAFETENSORS_H
#define LS_TRAIN_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

#define LS_TENSOR_RANK_MAX 4

struct ls_tensor {
	const char *name;
	uint32_t rank;                      /* 1 .. LS_TENSOR_RANK_MAX */
	uint64_t shape[LS_TENSOR_RANK_MAX]; /* each 1 and more; row-major */
	float *data;                        /* written from here, or read into */
};

struct ls_metadata {
	const char *key;
	const char *value; /* UTF-8 without control characters */
};

struct ls_safetensors {
	size_t n_tensors;
	struct ls_tensor *tensors; /* in the file's order, which is also that of the data */
	size_t n_metadata;
	struct ls_metadata *metadata; /* without the digest, which belongs to the container */
};

/* Number of elements; the shape must have been checked or made by the caller. */
size_t ls_tensor_elements(const struct ls_tensor *tensor);

/* Writes `contents` to `path`, atomically (base/atomic_file.h). Everything is
 * borrowed for the call; names and keys must be unique. */
lockstep_status ls_safetensors_save(const struct ls_safetensors *contents, const char *path, lockstep_error *error);

/* A file that was opened, whose digest is right and whose header is sound:
 * tensors are F32, without holes or overlaps, and end where the file ends. */
struct ls_safetensors_reader;

/* Opens a regular file. `path` is borrowed until close. Allocates in proportion
 * to the header, never to the numbers in it. */
lockstep_status ls_safetensors_open(struct ls_safetensors_reader **out, const char *path, lockstep_error *error);

/* What the file holds; names and texts live until close. The caller sets the
 * `data` of every tensor, all NULL at first, before ls_safetensors_read(). */
struct ls_safetensors *ls_safetensors_contents(struct ls_safetensors_reader *reader);

/* Value of a key; NULL when there is none. */
const char *ls_safetensors_value(const struct ls_safetensors *contents, const char *key);

/* Reads all tensors into their `data` and checks the digest again, so that what
 * is in memory is what was checked even when the file changes meanwhile. The
 * data are undefined on failure. */
lockstep_status ls_safetensors_read(struct ls_safetensors_reader *reader, lockstep_error *error);

/* NULL is allowed. */
void ls_safetensors_close(struct ls_safetensors_reader *reader);

#endif
