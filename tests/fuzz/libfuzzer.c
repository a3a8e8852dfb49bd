/* SPDX-License-Identifier: MIT
 *
 * The target as libFuzzer calls it.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
const char *__asan_default_options(void);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	return ls_fuzz_one(bytes, n);
}

/* Freed blocks of 128 KiB (a stream's buffers) would fill the usual quarantine
 * of 256 MiB, and the limit on memory with it. */
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8";
}
