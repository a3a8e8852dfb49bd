/* SPDX-License-Identifier: MIT
 *
 * The header of an IDX file; array.c reads the values.
 */
#include "idx.h"

#include <inttypes.h>

#include "base/error.h"

#define IDX_RANK_MAX 4

static int element_of_type(uint8_t type)
{
	switch (type) {
	case 0x08:
		return LS_ELEMENT_U8;
	case 0x09:
		return LS_ELEMENT_I8;
	case 0x0B:
		return LS_ELEMENT_I16;
	case 0x0C:
		return LS_ELEMENT_I32;
	case 0x0D:
		return LS_ELEMENT_F32;
	case 0x0E:
		return LS_ELEMENT_F64;
	default:
		return -1;
	}
}

static lockstep_status read_header(uint8_t *bytes, size_t n_bytes, struct ls_bytes *stream, lockstep_error *error)
{
	size_t n;
	lockstep_status status = ls_bytes_read(stream, bytes, n_bytes, &n, error);
	if (!status && n < n_bytes)
		status =
		    ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: ends after byte %" PRIu64 ", within the IDX header",
		                 ls_bytes_path(stream), ls_bytes_offset(stream));
	return status;
}

static lockstep_status check_magic(const uint8_t magic[4], const char *path, lockstep_error *error)
{
	if (magic[0] || magic[1])
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: is no IDX file: its first two bytes are not 0",
		                    path);
	if (element_of_type(magic[2]) < 0)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: byte 2: unknown IDX type 0x%02x", path,
		                    magic[2]);
	if (magic[3] < 1 || magic[3] > IDX_RANK_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: byte 3: rank %u, must be 1 to %d", path,
		                    magic[3], IDX_RANK_MAX);
	return LOCKSTEP_OK;
}

lockstep_status ls_idx_read(struct ls_array *out, struct ls_bytes *stream, lockstep_error *error)
{
	uint8_t magic[4], raw[4 * IDX_RANK_MAX];
	uint64_t sizes[IDX_RANK_MAX];
	lockstep_status status = read_header(magic, sizeof magic, stream, error);
	if (!status)
		status = check_magic(magic, ls_bytes_path(stream), error);
	if (!status)
		status = read_header(raw, 4 * (size_t)magic[3], stream, error);
	if (status)
		return status;

	struct ls_array array = {.element = (enum ls_element)element_of_type(magic[2]), .big_endian = 1};
	for (unsigned i = 0; i < magic[3]; i++)
		sizes[i] = (uint32_t)raw[4 * i] << 24 | (uint32_t)raw[4 * i + 1] << 16 | (uint32_t)raw[4 * i + 2] << 8 |
		           raw[4 * i + 3];
	status = ls_array_set_shape(&array, sizes, magic[3], ls_bytes_path(stream), error);
	if (!status)
		status = ls_array_read(&array, stream, error);
	if (!status)
		*out = array;
	return status;
}
