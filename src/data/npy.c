/* SPDX-License-Identifier: MIT
 *
 * The header is read by a small strict parser of the one dictionary that NumPy
 * writes: the keys descr, fortran_order and shape, each once, in any order.
 */
#include "npy.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define PREFIX_BYTES 8 /* magic and version */
#define HEADER_MAX 65535
#define KEY_BYTES 16

enum key { KEY_DESCR = 1, KEY_ORDER = 2, KEY_SHAPE = 4, KEYS_ALL = 7 };

struct parser {
	const char *text, *end;
	const char *at;
	uint64_t offset; /* of the text in the file */
	const char *path;
	lockstep_error *error;
};

static lockstep_status fail(const struct parser *parser, const char *cause)
{
	return ls_error_set(parser->error, LOCKSTEP_ERROR_FORMAT, "%s: byte %" PRIu64 ": NPY header: %s", parser->path,
	                    parser->offset + (uint64_t)(parser->at - parser->text), cause);
}

static void skip_blanks(struct parser *parser)
{
	while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\n'))
		parser->at++;
}

/* Consumes `c` behind blanks, if it is there. */
static int accept(struct parser *parser, char c)
{
	skip_blanks(parser);
	if (parser->at == parser->end || *parser->at != c)
		return 0;
	parser->at++;
	return 1;
}

static int accept_word(struct parser *parser, const char *word)
{
	size_t length = strlen(word);
	skip_blanks(parser);
	if ((size_t)(parser->end - parser->at) < length || memcmp(parser->at, word, length) != 0)
		return 0;
	parser->at += length;
	return 1;
}

/* A quoted text of at most KEY_BYTES - 1 plain characters. */
static lockstep_status parse_text(struct parser *parser, char text[KEY_BYTES])
{
	size_t n = 0;
	char quote = accept(parser, '\'') ? '\'' : '"';

	if (quote == '"' && !accept(parser, '"'))
		return fail(parser, "a quoted text is missing (structured types are not supported)");
	while (parser->at < parser->end && *parser->at != quote && n < KEY_BYTES - 1)
		text[n++] = *parser->at++;
	text[n] = '\0';
	if (parser->at == parser->end || *parser->at != quote)
		return fail(parser, "this text is too long, or its quote is not closed");
	parser->at++;
	return LOCKSTEP_OK;
}

static lockstep_status parse_size(struct parser *parser, uint64_t *size)
{
	uint64_t value = 0;
	const char *begin = parser->at;

	for (; parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9'; parser->at++)
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*parser->at - '0'), &value))
			return fail(parser, "a size is too large");
	if (parser->at == begin)
		return fail(parser, "a size is missing");
	*size = value;
	return LOCKSTEP_OK;
}

/* "(2,)", "(2, 3)"; the last comma is needed for rank 1, and allowed. */
static lockstep_status parse_shape(struct parser *parser, struct ls_array *array)
{
	uint64_t sizes[LS_RANK_MAX];
	unsigned rank = 0;
	int comma = 1;

	if (!accept(parser, '('))
		return fail(parser, "the shape must be a tuple");
	while (!accept(parser, ')')) {
		if (!comma)
			return fail(parser, "a comma is missing in the shape");
		if (rank == LS_RANK_MAX)
			return fail(parser, "the shape has too many dimensions");
		lockstep_status status = parse_size(parser, &sizes[rank++]);
		if (status)
			return status;
		comma = accept(parser, ',');
	}
	if (rank == 0)
		return fail(parser, "an array without dimensions has no rows");
	if (rank == 1 && !comma)
		return fail(parser, "the shape must be a tuple");
	return ls_array_set_shape(array, sizes, rank, parser->path, parser->error);
}

static lockstep_status parse_order(struct parser *parser, struct ls_array *array)
{
	array->column_major = accept_word(parser, "True");
	if (!array->column_major && !accept_word(parser, "False"))
		return fail(parser, "fortran_order must be True or False");
	return LOCKSTEP_OK;
}

static const struct {
	char code[3];
	enum ls_element element;
} element_codes[] = {
    {"u1", LS_ELEMENT_U8},  {"b1", LS_ELEMENT_BOOL}, {"i1", LS_ELEMENT_I8},  {"i2", LS_ELEMENT_I16},
    {"i4", LS_ELEMENT_I32}, {"i8", LS_ELEMENT_I64},  {"u2", LS_ELEMENT_U16}, {"u4", LS_ELEMENT_U32},
    {"u8", LS_ELEMENT_U64}, {"f2", LS_ELEMENT_F16},  {"f4", LS_ELEMENT_F32}, {"f8", LS_ELEMENT_F64},
};

static lockstep_status parse_descr(struct parser *parser, struct ls_array *array)
{
	char descr[KEY_BYTES];
	lockstep_status status = parse_text(parser, descr);
	if (status)
		return status;
	for (size_t i = 0; i < sizeof element_codes / sizeof *element_codes; i++)
		if (descr[0] && strcmp(descr + 1, element_codes[i].code) == 0 &&
		    (descr[0] == '<' || descr[0] == '>' || (descr[0] == '|' && descr[2] == '1'))) {
			array->element = element_codes[i].element;
			array->big_endian = descr[0] == '>';
			return LOCKSTEP_OK;
		}
	return fail(parser, "this type of values is not supported (u1, b1, i1 to i8, u2 to u8, f2, f4, f8 are)");
}

static lockstep_status parse_entry(struct parser *parser, struct ls_array *array, unsigned *seen)
{
	char text[KEY_BYTES];
	lockstep_status status = parse_text(parser, text);
	if (status)
		return status;
	unsigned key = !strcmp(text, "descr")           ? KEY_DESCR
	               : !strcmp(text, "fortran_order") ? KEY_ORDER
	               : !strcmp(text, "shape")         ? KEY_SHAPE
	                                                : 0;
	if (!key || *seen & key)
		return fail(parser, key ? "a key comes twice" : "this key is unknown");
	*seen |= key;
	if (!accept(parser, ':'))
		return fail(parser, "a colon is missing");
	if (key == KEY_DESCR)
		return parse_descr(parser, array);
	return key == KEY_ORDER ? parse_order(parser, array) : parse_shape(parser, array);
}

static lockstep_status parse_header(struct parser *parser, struct ls_array *array)
{
	unsigned seen = 0;
	int comma = 1;

	if (!accept(parser, '{'))
		return fail(parser, "it must begin with {");
	while (!accept(parser, '}')) {
		if (!comma)
			return fail(parser, "a comma is missing");
		lockstep_status status = parse_entry(parser, array, &seen);
		if (status)
			return status;
		comma = accept(parser, ',');
	}
	skip_blanks(parser);
	if (parser->at != parser->end)
		return fail(parser, "something follows the closing }");
	if (seen != KEYS_ALL)
		return fail(parser, "it must have the keys descr, fortran_order and shape");
	if (array->column_major && array->rank > 2)
		return fail(parser, "Fortran order is supported up to two dimensions");
	return LOCKSTEP_OK;
}

static lockstep_status read_exactly(void *buffer, size_t n_bytes, struct ls_bytes *stream, lockstep_error *error)
{
	size_t n;
	lockstep_status status = ls_bytes_read(stream, buffer, n_bytes, &n, error);
	if (!status && n < n_bytes)
		status =
		    ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: ends after byte %" PRIu64 ", within the NPY header",
		                 ls_bytes_path(stream), ls_bytes_offset(stream));
	return status;
}

/* Checks magic and version, and reads the header's length. */
static lockstep_status read_prefix(size_t *length, struct ls_bytes *stream, lockstep_error *error)
{
	uint8_t prefix[PREFIX_BYTES], raw[4] = {0};
	lockstep_status status = read_exactly(prefix, sizeof prefix, stream, error);
	if (status)
		return status;
	if (memcmp(prefix, "\x93NUMPY", 6) != 0)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: is no NPY file: it does not begin as one",
		                    ls_bytes_path(stream));
	if (prefix[6] < 1 || prefix[6] > 3 || prefix[7] != 0)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: byte 6: NPY version %u.%u is unknown",
		                    ls_bytes_path(stream), prefix[6], prefix[7]);
	status = read_exactly(raw, prefix[6] == 1 ? 2 : 4, stream, error);
	if (status)
		return status;
	*length = raw[0] | (size_t)raw[1] << 8 | (size_t)raw[2] << 16 | (size_t)raw[3] << 24;
	if (*length > HEADER_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: byte 8: an NPY header of %zu bytes, at most %d are read",
		                    ls_bytes_path(stream), *length, HEADER_MAX);
	return LOCKSTEP_OK;
}

static lockstep_status read_header(struct ls_array *array, struct ls_bytes *stream, lockstep_error *error)
{
	size_t length = 0;
	lockstep_status status = read_prefix(&length, stream, error);
	if (status)
		return status;

	uint64_t offset = ls_bytes_offset(stream);
	char *text = ls_memory_allocate(length, 1);
	if (!text)
		return ls_error_memory(error, "an NPY header");
	status = read_exactly(text, length, stream, error);
	if (!status) {
		struct parser parser = {text, text + length, text, offset, ls_bytes_path(stream), error};
		status = parse_header(&parser, array);
	}
	ls_memory_free(text);
	return status;
}

lockstep_status ls_npy_read(struct ls_array *out, struct ls_bytes *stream, lockstep_error *error)
{
	struct ls_array array = {0};
	lockstep_status status = read_header(&array, stream, error);
	if (!status)
		status = ls_array_read(&array, stream, error);
	if (!status)
		*out = array;
	return status;
}
