/* SPDX-License-Identifier: MIT
 *
 * Words one by one, a line's end before one that does not fit.
 */
#include "wrapped.h"

#include <stdio.h>
#include <string.h>

void ls_print_wrapped(const char *text, int column, int indent)
{
	int at_start = 1;
	while (*text) {
		int length = (int)strcspn(text, " \n");
		if (!at_start && column + 1 + length > LS_WRAPPED_WIDTH) {
			printf("\n%*s", indent, "");
			column = indent;
			at_start = 1;
		}
		column += printf("%s%.*s", at_start ? "" : " ", length, text);
		at_start = 0;
		text += length;
		if (*text == '\n') {
			printf("\n%*s", indent, "");
			column = indent;
			at_start = 1;
		}
		text += *text != '\0';
	}
	putchar('\n');
}
