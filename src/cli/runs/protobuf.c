/* SPDX-License-Identifier: MIT
 *
 * A field is its number and its type as one integer, then the value: integers in groups
 * of 7 bits, the lowest first; numbers as their bytes, the lowest first; what has a length
 * behind it.
 */
#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

enum { VARINT = 0, EIGHT_BYTES = 1, LENGTH = 2, FOUR_BYTES = 5 };

static void add(struct ls_protobuf *message, const void *bytes, size_t n)
{
	if (message->failed || n == 0)
		return;
	if (n > message->room - message->n) {
		size_t room = 2 * (message->n + n);
		unsigned char *longer = realloc(message->bytes, room);
		if (!longer) {
			message->failed = 1;
			return;
		}
		message->bytes = longer;
		message->room = room;
	}
	memcpy(message->bytes + message->n, bytes, n);
	message->n += n;
}

static void add_varint(struct ls_protobuf *message, uint64_t value)
{
	unsigned char bytes[10];
	size_t n = 0;
	for (; value > 0x7f; value >>= 7)
		bytes[n++] = (unsigned char)(value | 0x80);
	bytes[n++] = (unsigned char)value;
	add(message, bytes, n);
}

static void add_bytes(struct ls_protobuf *message, uint64_t value, size_t n)
{
	unsigned char bytes[8];
	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(value >> (8 * i));
	add(message, bytes, n);
}

static void add_key(struct ls_protobuf *message, uint32_t field, unsigned type)
{
	add_varint(message, (uint64_t)field << 3 | type);
}

void ls_protobuf_varint(struct ls_protobuf *message, uint32_t field, uint64_t value)
{
	add_key(message, field, VARINT);
	add_varint(message, value);
}

void ls_protobuf_double(struct ls_protobuf *message, uint32_t field, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	add_key(message, field, EIGHT_BYTES);
	add_bytes(message, bits, sizeof bits);
}

void ls_protobuf_float(struct ls_protobuf *message, uint32_t field, float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	add_key(message, field, FOUR_BYTES);
	add_bytes(message, bits, sizeof bits);
}

void ls_protobuf_bytes(struct ls_protobuf *message, uint32_t field, const void *bytes, size_t n)
{
	add_key(message, field, LENGTH);
	add_varint(message, n);
	add(message, bytes, n);
}

void ls_protobuf_text(struct ls_protobuf *message, uint32_t field, const char *text)
{
	ls_protobuf_bytes(message, field, text, strlen(text));
}

void ls_protobuf_message(struct ls_protobuf *message, uint32_t field, struct ls_protobuf *part)
{
	ls_protobuf_bytes(message, field, part->bytes, part->n);
	message->failed |= part->failed;
	ls_protobuf_fini(part);
}

void ls_protobuf_fini(struct ls_protobuf *message)
{
	free(message->bytes);
	*message = (struct ls_protobuf){.n = 0};
}
