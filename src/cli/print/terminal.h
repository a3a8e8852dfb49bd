/* SPDX-License-Identifier: MIT
 *
 * The terminal behind standard error: whether something can be drawn there, and
 * how much of it fits.
 */
#ifndef LS_CLI_TERMINAL_H
#define LS_CLI_TERMINAL_H

#include <stddef.h>

/* Is stderr a terminal on which lines can be drawn again? */
int ls_terminal_redraws(void);

/* Its present size; 80 columns and 24 lines where it does not say. */
void ls_terminal_size(size_t *columns, size_t *lines);

#define LS_DURATION_MAX 24

/* "1:05", from an hour on "2:01:05", rounded up; "" for what is negative, NaN or
 * beyond 1,000 days. Returns `text`. */
const char *ls_terminal_duration(char text[LS_DURATION_MAX], double seconds);

#endif
