/* SPDX-License-Identifier: MIT
 *
 * Protocol Buffers' wire format and TensorBoard's frame: against the examples of their
 * documents, the check values of CRC-32C (RFC 3720, B.4), and a file taken apart.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/runs/event_file.h"
#include "cli/runs/protobuf.h"

TestSuite(event_file, .timeout = 60);

static void expect_bytes(struct ls_protobuf *message, const char *bytes, size_t n)
{
	cr_expect(!message->failed && message->n == n && memcmp(message->bytes, bytes, n) == 0,
	          "%zu bytes, not %zu, or others", message->n, n);
	ls_protobuf_fini(message);
}
#define EXPECT(message, bytes) expect_bytes(message, bytes, sizeof(bytes) - 1)

/* Those of protobuf.dev, "Encoding". */
Test(event_file, messages_of_the_document)
{
	struct ls_protobuf message = {.n = 0}, part = {.n = 0};
	ls_protobuf_varint(&message, 1, 150);
	EXPECT(&message, "\x08\x96\x01");
	ls_protobuf_text(&message, 2, "testing");
	EXPECT(&message, "\x12\x07testing");
	ls_protobuf_varint(&part, 1, 150);
	ls_protobuf_message(&message, 3, &part);
	EXPECT(&message, "\x1a\x03\x08\x96\x01");
	cr_expect(!part.bytes && part.n == 0);
}

Test(event_file, integers_of_all_lengths)
{
	struct ls_protobuf message = {.n = 0};
	ls_protobuf_varint(&message, 1, 0);
	EXPECT(&message, "\x08\x00");
	ls_protobuf_varint(&message, 1, 127);
	EXPECT(&message, "\x08\x7f");
	ls_protobuf_varint(&message, 1, 128);
	EXPECT(&message, "\x08\x80\x01");
	ls_protobuf_varint(&message, 1, UINT64_MAX);
	EXPECT(&message, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	ls_protobuf_varint(&message, 16, 1);
	EXPECT(&message, "\x80\x01\x01");
	ls_protobuf_varint(&message, 536870911, 1);
	EXPECT(&message, "\xf8\xff\xff\xff\x0f\x01");
}

Test(event_file, numbers)
{
	struct ls_protobuf message = {.n = 0};
	ls_protobuf_double(&message, 1, 1);
	EXPECT(&message, "\x09\x00\x00\x00\x00\x00\x00\xf0\x3f");
	ls_protobuf_double(&message, 2, -0.1);
	EXPECT(&message, "\x11\x9a\x99\x99\x99\x99\x99\xb9\xbf");
	ls_protobuf_float(&message, 2, 0.1f);
	EXPECT(&message, "\x15\xcd\xcc\xcc\x3d");
	ls_protobuf_float(&message, 2, 0);
	EXPECT(&message, "\x15\x00\x00\x00\x00");
}

Test(event_file, empty_parts)
{
	struct ls_protobuf message = {.n = 0}, part = {.n = 0};
	ls_protobuf_message(&message, 2, &part);
	EXPECT(&message, "\x12\x00");
	ls_protobuf_bytes(&message, 1, NULL, 0);
	ls_protobuf_text(&message, 1, "");
	EXPECT(&message, "\x0a\x00\x0a\x00");
}

/* Parts that grow over and over, in parts. */
Test(event_file, long_messages)
{
	struct ls_protobuf message = {.n = 0};
	size_t expected = 0;
	for (size_t i = 0; i < 1000; i++) {
		struct ls_protobuf part = {.n = 0};
		char text[64];
		size_t n = (size_t)snprintf(text, sizeof text, "number %zu", i);
		ls_protobuf_text(&part, 1, text);
		ls_protobuf_message(&message, 1, &part);
		expected += 2 + 2 + n;
	}
	cr_assert_eq(message.n, expected);
	const unsigned char *at = message.bytes;
	for (size_t i = 0; i < 1000; i++, at += 2 + at[1]) {
		char text[64];
		size_t n = (size_t)snprintf(text, sizeof text, "number %zu", i);
		cr_assert(at[0] == 0x0a && at[1] == n + 2 && at[2] == 0x0a && at[3] == n && !memcmp(at + 4, text, n));
	}
	ls_protobuf_fini(&message);
}

Test(event_file, checksums)
{
	unsigned char bytes[32];
	cr_expect_eq(ls_crc32c("", 0), 0);
	cr_expect_eq(ls_crc32c("123456789", 9), 0xe3069283u);
	memset(bytes, 0, sizeof bytes);
	cr_expect_eq(ls_crc32c(bytes, sizeof bytes), 0x8a9136aau);
	memset(bytes, 0xff, sizeof bytes);
	cr_expect_eq(ls_crc32c(bytes, sizeof bytes), 0x62a8ab43u);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	cr_expect_eq(ls_crc32c(bytes, sizeof bytes), 0x46dd794eu);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(31 - i);
	cr_expect_eq(ls_crc32c(bytes, sizeof bytes), 0x113fdb5cu);
	/* ((crc >> 15) | (crc << 17)) + 0xa282ead8 of 0xe3069283, by hand */
	cr_expect_eq(ls_crc32c_masked("123456789", 9), 0xc78ab0e5u);
}

static uint64_t load(const unsigned char *bytes, size_t n)
{
	uint64_t value = 0;
	for (size_t i = 0; i < n; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

/* The message at `at`, its frame checked; moves behind it. */
static const unsigned char *next_record(const unsigned char **at, size_t *n)
{
	const unsigned char *head = *at;
	*n = (size_t)load(head, 8);
	cr_assert_eq(load(head + 8, 4), ls_crc32c_masked(head, 8));
	cr_assert_eq(load(head + 12 + *n, 4), ls_crc32c_masked(head + 12, *n));
	*at = head + 16 + *n;
	return head + 12;
}

Test(event_file, files_are_records)
{
	char path[] = "/tmp/lockstep-events-XXXXXX";
	unsigned char bytes[512];
	struct ls_event_file events;
	struct ls_protobuf summary = {.n = 0};
	int descriptor = mkstemp(path);
	cr_assert(descriptor >= 0);
	close(descriptor);
	cr_assert_eq(ls_event_file_open(&events, path, 1.5), 0);
	ls_protobuf_text(&summary, 1, "x");
	ls_event_file_add(&events, 2.5, 300, &summary);
	cr_assert_null(summary.bytes);
	cr_assert_eq(ls_event_file_close(&events), 0);

	FILE *file = fopen(path, "rb");
	size_t size = fread(bytes, 1, sizeof bytes, file), n;
	fclose(file);
	remove(path);
	const unsigned char *at = bytes, *record = next_record(&at, &n);
	static const char version[] = "\x09\x00\x00\x00\x00\x00\x00\xf8\x3f\x1a\x0d"
				      "brain.Event:2";
	cr_expect(n == sizeof version - 1 && !memcmp(record, version, n));
	record = next_record(&at, &n);
	static const char event[] = "\x09\x00\x00\x00\x00\x00\x00\x04\x40\x10\xac\x02\x2a\x03\x0a\x01x";
	cr_expect(n == sizeof event - 1 && !memcmp(record, event, n));
	cr_expect_eq((size_t)(at - bytes), size);
}

Test(event_file, failures_are_told)
{
	struct ls_event_file events;
	struct ls_protobuf summary = {.n = 0};
	cr_expect_neq(ls_event_file_open(&events, "/absent/file", 0), 0);
	cr_assert_eq(ls_event_file_open(&events, "/dev/full", 0), 0);
	for (int i = 0; i < 10000; i++) {
		ls_protobuf_text(&summary, 1, "a text");
		ls_event_file_add(&events, 0, 0, &summary);
	}
	cr_expect_neq(ls_event_file_close(&events), 0);
}
