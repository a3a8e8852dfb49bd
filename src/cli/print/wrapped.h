/* SPDX-License-Identifier: MIT
 *
 * Text for people on stdout, in lines of 80 columns.
 */
#ifndef LS_CLI_WRAPPED_H
#define LS_CLI_WRAPPED_H

#define LS_WRAPPED_WIDTH 79

/* Prints words from `column` on, wrapping to `indent`; a newline in the text
 * begins a new line. Ends the last one. */
void ls_print_wrapped(const char *text, int column, int indent);

#endif
