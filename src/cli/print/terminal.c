/* SPDX-License-Identifier: MIT
 *
 * Asked anew for every drawing, since people resize terminals.
 */
#include "terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int ls_terminal_redraws(void)
{
	const char *terminal = getenv("TERM");
	return isatty(STDERR_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

void ls_terminal_size(size_t *columns, size_t *lines)
{
	struct winsize size;
	int is_known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0;
	*columns = is_known && size.ws_col ? size.ws_col : 80;
	*lines = is_known && size.ws_row ? size.ws_row : 24;
}

const char *ls_terminal_duration(char text[LS_DURATION_MAX], double seconds)
{
	text[0] = '\0';
	if (!(seconds >= 0 && seconds < 3600.0 * 24 * 1000))
		return text;
	unsigned s = (unsigned)ceil(seconds);
	if (s < 3600)
		snprintf(text, LS_DURATION_MAX, "%u:%02u", s / 60, s % 60);
	else
		snprintf(text, LS_DURATION_MAX, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	return text;
}
