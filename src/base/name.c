/* SPDX-License-Identifier: MIT
 *
 * A look through a short list.
 */
#include "name.h"

#include <string.h>

int ls_name_find(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return (int)i;
	return -1;
}
