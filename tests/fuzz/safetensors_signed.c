/* SPDX-License-Identifier: MIT
 *
 * Containers whose digest is right, whatever their header says.
 */
#include <stdlib.h>

#include "container.h"

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	char path[LS_FUZZ_PATH];
	size_t n_file;
	uint8_t *file = ls_fuzz_frame((struct ls_fuzz_input){bytes, bytes + n}, &n_file);
	ls_fuzz_path(path, "file.safetensors");
	ls_fuzz_write(path, file, n_file);
	free(file);
	ls_fuzz_container(path);
	return 0;
}
