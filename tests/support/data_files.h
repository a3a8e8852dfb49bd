/* SPDX-License-Identifier: MIT
 *
 * Small data files for the tests of the readers, in a folder of the test's
 * own, and three trials that every reader must stand: cut off at any length,
 * any one byte changed, any one allocation failing.
 */
#ifndef DATA_FILES_H
#define DATA_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/dataset.h"

#define DATA_BYTES_MAX 65536

/* A file's content under construction. */
struct data_bytes {
	uint8_t bytes[DATA_BYTES_MAX];
	size_t n;
};

/* Before and after each test. */
void data_setup(void);
void data_teardown(void);

/* Full name of a file in the test's folder; "" is the folder. Valid until
 * the test ends. */
const char *data_path(const char *name);

const char *data_write(const char *name, const void *bytes, size_t n);
const char *data_write_text(const char *name, const char *text);
const char *data_write_gzip(const char *name, const void *bytes, size_t n);

void data_put(struct data_bytes *content, const void *bytes, size_t n);
void data_put_be32(struct data_bytes *content, uint32_t word);
/* The header of an IDX file of that type and sizes. */
void data_put_idx(struct data_bytes *content, uint8_t type, uint8_t rank, const uint32_t *sizes);
/* The header of an NPY file of version 1 around the dictionary's text. */
void data_put_npy(struct data_bytes *content, const char *dictionary);

/* How a trial opens the file; frees what it gets. */
typedef lockstep_status data_opener(const char *path, lockstep_error *error);

/* Opening must fail with this status, and a line that names the file and says `cause`. */
void data_expect_error(data_opener *opener, const char *path, lockstep_status status, const char *cause);

/* Every true beginning of the content must be refused. */
void data_try_truncated(data_opener *opener, const void *bytes, size_t n);
/* Every change of one byte is either read or refused with a line of text. */
void data_try_changed(data_opener *opener, const void *bytes, size_t n);
/* The file opens; with any one allocation failing it is refused for that. */
void data_try_short_of_memory(data_opener *opener, const char *path);

/* Most memory this process has held so far, in KiB. */
long data_peak_memory(void);

#endif
