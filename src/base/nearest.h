/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the name closest to a misspelled one. The one file that the library
 * and the command have a copy of each, since both explain what was written.
 */
#ifndef LS_BASE_NEAREST_H
#define LS_BASE_NEAREST_H

/* Keeps the nearest of the names shown to it. */
struct ls_nearest {
	const char *text; /* the misspelled name */
	const char *name; /* the nearest so far; NULL when none is near */
	unsigned distance;
};

void ls_nearest_init(struct ls_nearest *nearest, const char *text);
void ls_nearest_consider(struct ls_nearest *nearest, const char *name);

#endif
