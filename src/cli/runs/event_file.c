/* SPDX-License-Identifier: MIT
 *
 * The checksum goes over a table of 16 entries, made when needed, for half a byte each:
 * files are small.
 */
#include "event_file.h"

#include <errno.h>
#include <string.h>

#define POLYNOMIAL 0x82f63b78u /* of CRC-32C, its bits reversed */
#define MASK_DELTA 0xa282ead8u

enum { EVENT_WALL_TIME = 1, EVENT_STEP = 2, EVENT_FILE_VERSION = 3, EVENT_SUMMARY = 5 };

uint32_t ls_crc32c(const void *bytes, size_t n)
{
	const unsigned char *at = bytes;
	uint32_t table[16], crc = 0xffffffffu;
	for (uint32_t i = 0; i < 16; i++) {
		table[i] = i;
		for (int bit = 0; bit < 4; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? POLYNOMIAL : 0);
	}
	for (size_t i = 0; i < n; i++) {
		crc ^= at[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

uint32_t ls_crc32c_masked(const void *bytes, size_t n)
{
	uint32_t crc = ls_crc32c(bytes, n);
	return (crc >> 15 | crc << 17) + MASK_DELTA;
}

static void store(unsigned char *bytes, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(value >> (8 * i));
}

/* Frees the message. */
static void write_record(struct ls_event_file *events, struct ls_protobuf *message)
{
	unsigned char head[12], tail[4];
	errno = 0;
	store(head, message->n, 8);
	store(head + 8, ls_crc32c_masked(head, 8), 4);
	store(tail, ls_crc32c_masked(message->bytes, message->n), 4);
	if (message->failed)
		errno = ENOMEM;
	if (message->failed || fwrite(head, sizeof head, 1, events->file) != 1 ||
	    fwrite(message->bytes, message->n, 1, events->file) != 1 || fwrite(tail, sizeof tail, 1, events->file) != 1)
		events->failed = events->failed ? events->failed : errno ? errno : EIO;
	ls_protobuf_fini(message);
}

int ls_event_file_open(struct ls_event_file *events, const char *path, double wall_time)
{
	struct ls_protobuf event = {.n = 0};
	*events = (struct ls_event_file){.file = fopen(path, "wb")};
	if (!events->file)
		return errno;
	ls_protobuf_double(&event, EVENT_WALL_TIME, wall_time);
	ls_protobuf_text(&event, EVENT_FILE_VERSION, "brain.Event:2");
	write_record(events, &event);
	return 0;
}

void ls_event_file_add(struct ls_event_file *events, double wall_time, uint64_t step, struct ls_protobuf *summary)
{
	struct ls_protobuf event = {.n = 0};
	ls_protobuf_double(&event, EVENT_WALL_TIME, wall_time);
	ls_protobuf_varint(&event, EVENT_STEP, step);
	ls_protobuf_message(&event, EVENT_SUMMARY, summary);
	write_record(events, &event);
}

int ls_event_file_close(struct ls_event_file *events)
{
	errno = 0;
	if (fclose(events->file) && !events->failed)
		events->failed = errno ? errno : EIO;
	return events->failed;
}
