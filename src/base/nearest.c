/* SPDX-License-Identifier: MIT
 *
 * Levenshtein's distance, one row of the table at a time. Names are short; a
 * text longer than the table is like nothing we know.
 */
#include "nearest.h"

#include <stddef.h>
#include <string.h>

#define LENGTH_MAX 40

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, const char *b)
{
	unsigned row[LENGTH_MAX + 1];
	size_t n = strlen(b);
	if (strlen(a) > LENGTH_MAX || n > LENGTH_MAX)
		return LENGTH_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; a[i]; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < n; j++) {
			unsigned replaced = diagonal + (a[i] != b[j]);
			diagonal = row[j + 1];
			row[j + 1] = smaller(replaced, 1 + smaller(row[j], diagonal));
		}
	}
	return row[n];
}

void ls_nearest_init(struct ls_nearest *nearest, const char *text)
{
	size_t length = strlen(text);
	*nearest = (struct ls_nearest){.text = text, .distance = length < 4 ? 2 : 3};
}

void ls_nearest_consider(struct ls_nearest *nearest, const char *name)
{
	unsigned d = distance(nearest->text, name);
	if (d < nearest->distance) {
		nearest->distance = d;
		nearest->name = name;
	}
}
