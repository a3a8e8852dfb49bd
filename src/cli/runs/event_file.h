/* SPDX-License-Identifier: MIT
 *
 * Event files of TensorBoard: messages of the type Event, each in the frame of a TFRecord,
 * that is length and checksum, message and checksum. The first names the version.
 */
#ifndef LS_CLI_EVENT_FILE_H
#define LS_CLI_EVENT_FILE_H

#include <stdio.h>

#include "protobuf.h"

struct ls_event_file {
	FILE *file;
	int failed; /* errno of the first failure; 0: none */
};

/* Creates the file. Returns 0, or an errno. */
int ls_event_file_open(struct ls_event_file *events, const char *path, double wall_time);
/* A Summary at a step; wall_time in seconds since 1970. Frees the message. */
void ls_event_file_add(struct ls_event_file *events, double wall_time, uint64_t step, struct ls_protobuf *summary);
/* Returns 0, or the errno of what failed. */
int ls_event_file_close(struct ls_event_file *events);

/* CRC-32C (Castagnoli) of the bytes, and as TFRecord stores it. */
uint32_t ls_crc32c(const void *bytes, size_t n);
uint32_t ls_crc32c_masked(const void *bytes, size_t n);

#endif
