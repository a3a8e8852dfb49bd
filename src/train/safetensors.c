/* SPDX-License-Identifier: MIT
 *
 * The digest stands at one fixed place, right after the header's first bytes,
 * so that the reader can check all bytes before it believes any of them. Only
 * then is the header parsed, and still nothing in it is trusted: sizes must
 * agree with the file's own. Data pass through a block in explicit
 * little-endian order, on every machine.
 *
 * The file is read twice: once for the digest, once, when the caller has
 * checked the shapes and made room, for the tensors.
 */
#include "safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "json_text.h"

#define METADATA "__metadata__"
#define PREFIX "{\"" METADATA "\":{\"digest\":\""
#define LENGTH_BYTES 8
#define DIGEST_AT (LENGTH_BYTES + sizeof PREFIX - 1)
#define HEADER_ALIGNMENT 8
#define HEADER_MAX ((uint64_t)64 << 20)
#define HEADER_VALUES_MAX 65536
#define BLOCK_FLOATS ((size_t)1 << 16)
#define FLOAT_BYTES 4

static const char no_digest[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* Everything before the data: the length word and the padded header. */
struct frame {
	unsigned char *bytes;
	size_t n_bytes;
};

struct ls_safetensors_reader {
	const char *path;
	int file;         /* descriptor; -1: not open */
	uint64_t n_bytes; /* of the file */
	struct frame frame;
	json_t *header; /* owns the names and texts of `contents` */
	struct ls_safetensors contents;
};

static void encode(unsigned char *bytes, const float *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, &values[i], sizeof bits);
		for (int k = 0; k < FLOAT_BYTES; k++)
			bytes[FLOAT_BYTES * i + k] = (unsigned char)(bits >> 8 * k);
	}
}

static void decode(float *values, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t bits = 0;
		for (int k = 0; k < FLOAT_BYTES; k++)
			bits |= (uint32_t)bytes[FLOAT_BYTES * i + k] << 8 * k;
		memcpy(&values[i], &bits, sizeof bits);
	}
}

static unsigned char *allocate_block(void)
{
	return ls_memory_allocate(BLOCK_FLOATS, FLOAT_BYTES);
}

/* A stream that has taken the frame, with its digest's digits as '0'. */
static struct ls_sha256 *hash_frame(const struct frame *frame)
{
	struct ls_sha256 *hash = ls_sha256_create();
	if (!hash)
		return NULL;
	size_t after = DIGEST_AT + LS_SHA256_DIGITS;
	ls_sha256_add(hash, frame->bytes, DIGEST_AT);
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

/* ---- Writing ------------------------------------------------------------ */

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
	uint64_t offsets[] = {begin, begin + (uint64_t)FLOAT_BYTES * ls_tensor_elements(tensor)};
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
	int failed = json_object_set_new(header, METADATA, metadata_object(contents));
	uint64_t begin = 0;

	for (size_t i = 0; i < contents->n_tensors && !failed; i++) {
		const struct ls_tensor *tensor = &contents->tensors[i];
		failed = json_object_set_new(header, tensor->name, tensor_object(tensor, begin));
		begin += (uint64_t)FLOAT_BYTES * ls_tensor_elements(tensor);
	}
	if (failed) {
		json_decref(header);
		return NULL;
	}
	return header;
}

/* The frame of `contents`, its digest still all '0'. */
static lockstep_status make_frame(struct frame *frame, const struct ls_safetensors *contents, const char *path,
                                  lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	size_t length = 0;
	json_t *header = header_object(contents);
	char *text = header ? ls_json_write(header, &length) : NULL;
	size_t padded = (length + HEADER_ALIGNMENT - 1) / HEADER_ALIGNMENT * HEADER_ALIGNMENT;

	frame->n_bytes = LENGTH_BYTES + padded;
	if (!text)
		status = ls_error_set(error, LOCKSTEP_ERROR_MEMORY,
		                      "%s: cannot make the header: out of memory, or a text is not UTF-8", path);
	else if (padded > HEADER_MAX)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                      "%s: names and texts of %zu bytes are too long for the header", path, length);
	else if (!(frame->bytes = ls_memory_allocate(frame->n_bytes, 1)))
		status = ls_error_memory(error, "the header of a model file");

	if (!status) {
		for (int i = 0; i < LENGTH_BYTES; i++)
			frame->bytes[i] = (unsigned char)((uint64_t)padded >> 8 * i);
		memcpy(frame->bytes + LENGTH_BYTES, text, length);
		memset(frame->bytes + LENGTH_BYTES + length, ' ', padded - length);
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
			n = elements - done < BLOCK_FLOATS ? elements - done : BLOCK_FLOATS;
			encode(block, contents->tensors[i].data + done, n);
			if (file)
				status = ls_atomic_file_write(file, block, FLOAT_BYTES * n, error);
			else
				ls_sha256_add(hash, block, FLOAT_BYTES * n);
		}
	}
	return status;
}

static lockstep_status sign(struct frame *frame, const struct ls_safetensors *contents, unsigned char *block,
                            lockstep_error *error)
{
	char digest[LS_SHA256_DIGITS + 1];
	struct ls_sha256 *hash = hash_frame(frame);
	if (!hash)
		return ls_error_memory(error, "a digest");
	put_data(contents, block, hash, NULL, NULL);
	ls_sha256_finish(hash, digest);
	memcpy(frame->bytes + DIGEST_AT, digest, LS_SHA256_DIGITS);
	return LOCKSTEP_OK;
}

static lockstep_status write_file(const struct frame *frame, const struct ls_safetensors *contents,
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
	struct frame frame = {NULL, 0};
	lockstep_status status = make_frame(&frame, contents, path, error);
	unsigned char *block = status ? NULL : allocate_block();

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

/* ---- Reading ------------------------------------------------------------ */

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
	unsigned char word[LENGTH_BYTES];
	uint64_t length = 0;

	if (reader->n_bytes < LENGTH_BYTES)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %" PRIu64 " bytes are too few for a model file",
		                    reader->path, reader->n_bytes);
	lockstep_status status = read_bytes(reader, word, sizeof word, error);
	if (status)
		return status;
	for (int i = 0; i < LENGTH_BYTES; i++)
		length |= (uint64_t)word[i] << 8 * i;
	if (length > HEADER_MAX || length > reader->n_bytes - LENGTH_BYTES || length % HEADER_ALIGNMENT)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: bytes 0 to 7: %" PRIu64 " is no length of a header here (%" PRIu64 " bytes)",
		                    reader->path, length, reader->n_bytes);

	reader->frame.n_bytes = LENGTH_BYTES + (size_t)length;
	reader->frame.bytes = ls_memory_allocate(reader->frame.n_bytes, 1);
	if (!reader->frame.bytes)
		return ls_error_memory(error, "the header of a model file");
	memcpy(reader->frame.bytes, word, sizeof word);
	return read_bytes(reader, reader->frame.bytes + LENGTH_BYTES, (size_t)length, error);
}

static int has_digest(const struct frame *frame)
{
	return frame->n_bytes > DIGEST_AT + LS_SHA256_DIGITS && frame->bytes[DIGEST_AT + LS_SHA256_DIGITS] == '"' &&
	       !memcmp(frame->bytes + LENGTH_BYTES, PREFIX, sizeof PREFIX - 1);
}

/* Ends the stream; non-zero when it came to the digest in the frame. */
static int digest_matches(const struct frame *frame, struct ls_sha256 *hash)
{
	char digest[LS_SHA256_DIGITS + 1];
	ls_sha256_finish(hash, digest);
	return !memcmp(digest, frame->bytes + DIGEST_AT, LS_SHA256_DIGITS);
}

static lockstep_status hash_rest(struct ls_safetensors_reader *reader, struct ls_sha256 *hash, unsigned char *block,
                                 lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	uint64_t rest = reader->n_bytes - reader->frame.n_bytes;

	while (rest && !status) {
		size_t n = rest < FLOAT_BYTES * BLOCK_FLOATS ? (size_t)rest : FLOAT_BYTES * BLOCK_FLOATS;
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

	unsigned char *block = allocate_block();
	struct ls_sha256 *hash = block ? hash_frame(&reader->frame) : NULL;
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
	    .text = (const char *)reader->frame.bytes + LENGTH_BYTES,
	    .length = reader->frame.n_bytes - LENGTH_BYTES,
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
	json_t *pairs = json_object_get(reader->header, METADATA), *value;
	const char *key;

	contents->metadata = ls_memory_allocate(json_object_size(pairs), sizeof *contents->metadata);
	if (!contents->metadata)
		return ls_error_memory(error, "the metadata of a model file");
	json_object_foreach(pairs, key, value) {
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
	uint64_t bytes = tensor->rank ? FLOAT_BYTES : 0;
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
	json_object_foreach(reader->header, name, object) {
		if (!strcmp(name, METADATA))
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
		n = elements - done < BLOCK_FLOATS ? elements - done : BLOCK_FLOATS;
		status = read_bytes(reader, block, FLOAT_BYTES * n, error);
		if (!status) {
			ls_sha256_add(hash, block, FLOAT_BYTES * n);
			decode(tensor->data + done, block, n);
		}
	}
	return status;
}

lockstep_status ls_safetensors_read(struct ls_safetensors_reader *reader, lockstep_error *error)
{
	if (lseek(reader->file, (off_t)reader->frame.n_bytes, SEEK_SET) < 0)
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: cannot read: %s", reader->path, strerror(errno));

	unsigned char *block = allocate_block();
	struct ls_sha256 *hash = block ? hash_frame(&reader->frame) : NULL;
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
