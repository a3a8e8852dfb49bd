/* SPDX-License-Identifier: MIT
 *
 * Containers of any bytes: what is not signed must be refused at the door.
 * safetensors_signed.c comes further.
 */
#include "container.h"

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	char path[LS_FUZZ_PATH];
	ls_fuzz_path(path, "file.safetensors");
	ls_fuzz_write(path, bytes, n);
	ls_fuzz_container(path);
	return 0;
}
