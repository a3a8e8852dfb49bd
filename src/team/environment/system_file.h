/* SPDX-License-Identifier: MIT
 *
 * Small files of /proc and /sys as texts that may be trusted to end, and to be printed.
 */
#ifndef LS_TEAM_SYSTEM_FILE_H
#define LS_TEAM_SYSTEM_FILE_H

#include <stddef.h>

/* The file's beginning, as much as fits, with an end. 0, and an empty text: it cannot be read, or is empty.
 * `format` makes the path from what follows it. */
__attribute__((format(printf, 3, 4))) int ls_system_file_read(char *text, size_t size, const char *format, ...);

/* Likewise its first line, with '?' for what is not printable ASCII, and without blanks at its end. */
__attribute__((format(printf, 3, 4))) int ls_system_file_line(char *line, size_t size, const char *format, ...);

/* What follows `name` at the beginning of a line, blanks left out; NULL: no such line. */
const char *ls_system_file_field(const char *text, const char *name);

/* Copies up to the end of the line, as ls_system_file_line() has it. */
void ls_system_file_copy(char *line, size_t size, const char *text);

/* A decimal number that the text begins with, 0 and more and finite; -1: it begins with something else. */
double ls_system_file_number(const char *text);

#endif
