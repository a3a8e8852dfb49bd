/* SPDX-License-Identifier: MIT
 *
 * Messages in the wire format of Protocol Buffers
 * (protobuf.dev/programming-guides/encoding), written field by field: no descriptions of
 * messages, nothing is read. A field is written whatever its value, 0 too, which readers
 * take as they take one that is not there, and need in a `oneof`.
 */
#ifndef LS_CLI_PROTOBUF_H
#define LS_CLI_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

/* All 0 is an empty message. */
struct ls_protobuf {
	unsigned char *bytes; /* [n], owned */
	size_t n, room;
	int failed; /* memory was short; kept by the message that it becomes a part of */
};

/* int32, int64, uint64, bool, enum */
void ls_protobuf_varint(struct ls_protobuf *message, uint32_t field, uint64_t value);
void ls_protobuf_double(struct ls_protobuf *message, uint32_t field, double value);
void ls_protobuf_float(struct ls_protobuf *message, uint32_t field, float value);
void ls_protobuf_bytes(struct ls_protobuf *message, uint32_t field, const void *bytes, size_t n);
void ls_protobuf_text(struct ls_protobuf *message, uint32_t field, const char *text);
/* A message in it, which is freed. */
void ls_protobuf_message(struct ls_protobuf *message, uint32_t field, struct ls_protobuf *part);

/* Frees what the message owns and empties it. */
void ls_protobuf_fini(struct ls_protobuf *message);

#endif
