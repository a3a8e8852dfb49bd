/* SPDX-License-Identifier: MIT
 *
 * Reading the container. All bytes are checked against the digest before any of
 * them is believed; only then is the header parsed, and still nothing in it is
 * trusted: sizes must agree with the file's own.
 *
 * The file is read twice: once for the digest, once, when the caller has
 * checked the shapes and made room, for the tensors.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame.h"
#include "json_text.h"
#include "safetensors.h"

#define HEADER_VALUES_MAX 65536

struct ls_safetensors_reader {
	const char *path;
	int file;         /* descriptor; -1: not open */
	uint64_t n_bytes; /* of the file */
	struct ls_frame frame;
	json_t *header; /* owns the names and texts of `contents` */
	struct ls_safetensors contents;
};

static void decode(float *values, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t bits = 0;
		for (int k = 0; k < LS_FLOAT_BYTES; k++)
			bits |= (uint32_t)bytes[LS_FLOAT_BYTES * i + k] << 8 * k;
		memcpy(&values[i], &bits, sizeof bits);
	}
}

static lockstep_status format_error(const struct ls_safetensors_reader *reader, const char *cause,
                                    lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %s", reader->path, cause);
}

static lockstep_status read_bytes(struct ls_safetensors_reader *reader, unsigned char *bytes, size_t n_bytes,
                                  lockstep_error *error)
{
	while (n_bytes) {
		ssize_t n = read(reader->file, bytes, n_bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: cannot read: %s", reader->path,
			                    strerror(errno));
		if (!n)
			return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: became shorter while it was read",
			                    reader->path);
		bytes += n;
		n_bytes -= (size_t)n;
	}
	return LOCKSTEP_OK;
}

/* Without O_NONBLOCK the open of a FIFO would wait for its writer. */
static lockstep_status open_regular(struct ls_safetensors_reader *reader, lockstep_error *error)
{
	struct stat status;
	reader->file = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (reader->file < 0 || fstat(reader->file, &status))
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: cannot open: %s", reader->path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: cannot open: %s", reader->path,
		                    S_ISDIR(status.st_mode) ? strerror(EISDIR) : "not a regular file");
	reader->n_bytes = (uint64_t)status.st_size;
	return LOCKSTEP_OK;
}

static lockstep_status read_frame(struct ls_safetensors_reader *reader, lockstep_error *error)
{
	unsigned char word[LS_LENGTH_BYTES];
	uint64_t length = 0;

	if (reader->n_bytes < LS_LENGTH_BYTES)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %" PRIu64 " bytes are too few for a model file",
		                    reader->path, reader->n_bytes);
	lockstep_status status = read_bytes(reader, word, sizeof word, error);
	if (status)
		return status;
	for (int i = 0; i < LS_LENGTH_BYTES; i++)
		length |= (uint64_t)word[i] << 8 * i;
	if (length > LS_HEADER_MAX || length > reader->n_bytes - LS_LENGTH_BYTES || length % LS_HEADER_ALIGNMENT)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: bytes 0 to 7: %" PRIu64 " is no length of a header here (%" PRIu64 " bytes)",
		                    reader->path, length, reader->n_bytes);

	reader->frame.n_bytes = LS_LENGTH_BYTES + (size_t)length;
	reader->frame.bytes = ls_memory_allocate(reader->frame.n_bytes, 1);
	if (!reader->frame.bytes)
		return ls_error_memory(error, "the header of a model file");
	memcpy(reader->frame.bytes, word, sizeof word);
	return read_bytes(reader, reader->frame.bytes + LS_LENGTH_BYTES, (size_t)length, error);
}

static int has_digest(const struct ls_frame *frame)
{
	return frame->n_bytes > LS_DIGEST_AT + LS_SHA256_DIGITS &&
	       frame->bytes[LS_DIGEST_AT + LS_SHA256_DIGITS] == '"' &&
	       !memcmp(frame->bytes + LS_LENGTH_BYTES, LS_HEADER_PREFIX, sizeof LS_HEADER_PREFIX - 1);
}

/* Ends the stream; non-zero when it came to the digest in the frame. */
static int digest_matches(const struct ls_frame *frame, struct ls_sha256 *hash)
{
	char digest[LS_SHA256_DIGITS + 1];
	ls_sha256_finish(hash, digest);
	return !memcmp(digest, frame->bytes + LS_DIGEST_AT, LS_SHA256_DIGITS);
}

static lockstep_status hash_rest(struct ls_safetensors_reader *reader, struct ls_sha256 *hash, unsigned char *block,
                                 lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	uint64_t rest = reader->n_bytes - reader->frame.n_bytes;

	while (rest && !status) {
		size_t n = rest < LS_FLOAT_BYTES * LS_BLOCK_FLOATS ? (size_t)rest : LS_FLOAT_BYTES * LS_BLOCK_FLOATS;
		status = read_bytes(reader, block, n, error);
		if (!status)
			ls_sha256_add(hash, block, n);
		rest -= n;
	}
	return status;
}

static lockstep_status check_digest(struct ls_safetensors_reader *reader, lockstep_error *error)
{
	if (!has_digest(&reader->frame))
		return format_error(reader, "not a Lockstep model or checkpoint (no digest in its header)", error);

	unsigned char *block = ls_memory_allocate(LS_BLOCK_FLOATS, LS_FLOAT_BYTES);
	struct ls_sha256 *hash = block ? ls_frame_hash(&reader->frame) : NULL;
	lockstep_status status = hash ? hash_rest(reader, hash, block, error) : ls_error_memory(error, "a digest");
	int matches = hash && digest_matches(&reader->frame, hash);

	if (!status && !matches)
		status = format_error(reader, "damaged: its bytes do not match its digest", error);
	ls_memory_free(block);
	return status;
}

static lockstep_status parse_header(struct ls_safetensors_reader *reader, lockstep_error *error)
{
	struct ls_json_source source = {
	    .path = reader->path,
	    .place = "header",
	    .text = (const char *)reader->frame.bytes + LS_LENGTH_BYTES,
	    .length = reader->frame.n_bytes - LS_LENGTH_BYTES,
	    .n_values_max = HEADER_VALUES_MAX,
	};
	return ls_json_parse(&reader->header, &source, error);
}

/* Names and texts without control characters can stand in a message. */
static int is_plain(const char *text)
{
	while ((unsigned char)*text >= ' ')
		text++;
	return !*text;
}

/* The object of pairs starts with the digest: its place in the bytes was checked. */
static lockstep_status parse_metadata(struct ls_safetensors_reader *reader, lockstep_error *error)
{
	struct ls_safetensors *contents = &reader->contents;
	json_t *pairs = json_object_get(reader->header, LS_METADATA_KEY), *value;
	const char *key;

	contents->metadata = ls_memory_allocate(json_object_size(pairs), sizeof *contents->metadata);
	if (!contents->metadata)
		return ls_error_memory(error, "the metadata of a model file");
	json_object_foreach(pairs, key, value)
	{
		if (!is_plain(key) || !json_is_string(value) || !is_plain(json_string_value(value)))
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
			                    "%s: header: metadata '%s' is not a line of text", reader->path,
			                    is_plain(key) ? key : "?");
		if (strcmp(key, "digest"))
			contents->metadata[contents->n_metadata++] =
			    (struct ls_metadata){key, json_string_value(value)};
	}
	return LOCKSTEP_OK;
}

/* An array of n non-negative integers. */
static int parse_integers(const json_t *array, uint64_t *values, size_t n)
{
	if (!json_is_array(array) || json_array_size(array) != n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(array, i);
		if (!json_is_integer(value) || json_integer_value(value) < 0)
			return 0;
		values[i] = (uint64_t)json_integer_value(value);
	}
	return 1;
}

/* The product of the shape in bytes; 0 when it is no shape of ours or too large. */
static uint64_t shape_bytes(const struct ls_tensor *tensor)
{
	uint64_t bytes = tensor->rank ? LS_FLOAT_BYTES : 0;
	for (uint32_t i = 0; i < tensor->rank; i++)
		if (__builtin_mul_overflow(bytes, tensor->shape[i], &bytes) || bytes > SIZE_MAX)
			return 0;
	return bytes;
}

/* Fills `tensor` from its description, whose data must start at *begin, and
 * moves *begin to its end. Returns NULL, or what is wrong. */
static const char *parse_tensor(struct ls_tensor *tensor, const char *name, const json_t *object, uint64_t *begin)
{
	const json_t *shape = json_object_get(object, "shape");
	const char *dtype = json_string_value(json_object_get(object, "dtype"));
	uint64_t offsets[2], bytes;

	if (!json_is_object(object) || json_object_size(object) != 3)
		return "is not described by dtype, shape and data_offsets";
	if (!dtype || strcmp(dtype, "F32"))
		return "has a dtype other than F32";
	if (json_array_size(shape) > LS_TENSOR_RANK_MAX)
		return "has more than 4 dimensions";
	tensor->name = name;
	tensor->rank = (uint32_t)json_array_size(shape);
	if (!parse_integers(shape, tensor->shape, tensor->rank) || !(bytes = shape_bytes(tensor)))
		return "has a shape that is not of positive integers, or too large";
	if (!parse_integers(json_object_get(object, "data_offsets"), offsets, 2))
		return "has data_offsets that are not two integers";
	if (offsets[0] != *begin)
		return "does not start where the tensor before it ends";
	if (offsets[1] < offsets[0] || offsets[1] - offsets[0] != bytes)
		return "has data_offsets that do not agree with its shape";
	*begin = offsets[1];
	return NULL;
}

static lockstep_status parse_tensors(struct ls_safetensors_reader *reader, lockstep_error *error)
{
	struct ls_safetensors *contents = &reader->contents;
	uint64_t n_data = reader->n_bytes - reader->frame.n_bytes, begin = 0;
	const char *name;
	json_t *object;

	contents->tensors = ls_memory_allocate(json_object_size(reader->header), sizeof *contents->tensors);
	if (!contents->tensors)
		return ls_error_memory(error, "the tensors of a model file");
	json_object_foreach(reader->header, name, object)
	{
		if (!strcmp(name, LS_METADATA_KEY))
			continue;
		if (!is_plain(name))
			return format_error(reader, "header: a tensor's name has a control character", error);
		const char *cause = parse_tensor(&contents->tensors[contents->n_tensors++], name, object, &begin);
		if (!cause && begin > n_data)
			cause = "reaches beyond the end of the file";
		if (cause)
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: header: tensor '%s' %s", reader->path,
			                    name, cause);
	}
	if (begin != n_data)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: tensors of %" PRIu64 " bytes, but the file has %" PRIu64 " bytes of data",
		                    reader->path, begin, n_data);
	return LOCKSTEP_OK;
}

lockstep_status ls_safetensors_open(struct ls_safetensors_reader **out, const char *path, lockstep_error *error)
{
	struct ls_safetensors_reader *reader = ls_memory_allocate(1, sizeof *reader);
	if (!reader)
		return ls_error_memory(error, "a model file");
	reader->path = path;

	lockstep_status status = open_regular(reader, error);
	if (!status)
		status = read_frame(reader, error);
	if (!status)
		status = check_digest(reader, error);
	if (!status)
		status = parse_header(reader, error);
	if (!status)
		status = parse_metadata(reader, error);
	if (!status)
		status = parse_tensors(reader, error);

	if (status)
		ls_safetensors_close(reader);
	else
		*out = reader;
	return status;
}

struct ls_safetensors *ls_safetensors_contents(struct ls_safetensors_reader *reader)
{
	return &reader->contents;
}

const char *ls_safetensors_value(const struct ls_safetensors *contents, const char *key)
{
	for (size_t i = 0; i < contents->n_metadata; i++)
		if (!strcmp(contents->metadata[i].key, key))
			return contents->metadata[i].value;
	return NULL;
}

static lockstep_status read_tensor(struct ls_safetensors_reader *reader, const struct ls_tensor *tensor,
                                   struct ls_sha256 *hash, unsigned char *block, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	size_t elements = ls_tensor_elements(tensor);

	for (size_t done = 0, n; done < elements && !status; done += n) {
		n = elements - done < LS_BLOCK_FLOATS ? elements - done : LS_BLOCK_FLOATS;
		status = read_bytes(reader, block, LS_FLOAT_BYTES * n, error);
		if (!status) {
			ls_sha256_add(hash, block, LS_FLOAT_BYTES * n);
			decode(tensor->data + done, block, n);
		}
	}
	return status;
}

lockstep_status ls_safetensors_read(struct ls_safetensors_reader *reader, lockstep_error *error)
{
	if (lseek(reader->file, (off_t)reader->frame.n_bytes, SEEK_SET) < 0)
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: cannot read: %s", reader->path, strerror(errno));

	unsigned char *block = ls_memory_allocate(LS_BLOCK_FLOATS, LS_FLOAT_BYTES);
	struct ls_sha256 *hash = block ? ls_frame_hash(&reader->frame) : NULL;
	lockstep_status status = hash ? LOCKSTEP_OK : ls_error_memory(error, "a block of a model file");

	for (size_t i = 0; i < reader->contents.n_tensors && !status; i++)
		status = read_tensor(reader, &reader->contents.tensors[i], hash, block, error);
	int matches = hash && digest_matches(&reader->frame, hash);
	if (!status && !matches)
		status = format_error(reader, "changed while it was read", error);
	ls_memory_free(block);
	return status;
}

void ls_safetensors_close(struct ls_safetensors_reader *reader)
{
	if (!reader)
		return;
	ls_memory_free(reader->contents.tensors);
	ls_memory_free(reader->contents.metadata);
	json_decref(reader->header);
	ls_memory_free(reader->frame.bytes);
	if (reader->file >= 0)
		close(reader->file);
	ls_memory_free(reader);
}
