/* SPDX-License-Identifier: MIT
 *
 * One open, a read or two and a close for each file, with no buffer beside the caller's: there may be thousands.
 */
#include "system_file.h"

#include <ctype.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

__attribute__((format(printf, 3, 0))) static int read_file(char *text, size_t size, const char *format,
                                                           va_list arguments)
{
	char path[4096];
	size_t length = 0;
	ssize_t n = 0;
	text[0] = '\0';
	int path_length = vsnprintf(path, sizeof path, format, arguments);
	if (path_length < 0 || path_length >= (int)sizeof path)
		return 0;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return 0;
	while (length < size - 1 && (n = read(file, text + length, size - 1 - length)) > 0)
		length += (size_t)n;
	close(file);
	text[length] = '\0';
	return length > 0;
}

int ls_system_file_read(char *text, size_t size, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int found = read_file(text, size, format, arguments);
	va_end(arguments);
	return found;
}

int ls_system_file_line(char *line, size_t size, const char *format, ...)
{
	char text[4096];
	va_list arguments;
	va_start(arguments, format);
	read_file(text, sizeof text, format, arguments);
	va_end(arguments);
	ls_system_file_copy(line, size, text);
	return line[0] != '\0';
}

void ls_system_file_copy(char *line, size_t size, const char *text)
{
	size_t n = 0;
	for (; n < size - 1 && text[n] && text[n] != '\n'; n++)
		line[n] = (char)(text[n] >= ' ' && text[n] <= '~' ? text[n] : '?');
	while (n > 0 && line[n - 1] == ' ')
		n--;
	line[n] = '\0';
}

const char *ls_system_file_field(const char *text, const char *name)
{
	size_t length = strlen(name);
	while (strncmp(text, name, length) != 0) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	text += length;
	return text + strspn(text, " \t");
}

/* By hand, since strtod() asks the program's locale for the point. */
double ls_system_file_number(const char *text)
{
	double number = 0, scale = 1;
	if (!isdigit((unsigned char)*text))
		return -1;
	for (; isdigit((unsigned char)*text); text++)
		number = 10 * number + (*text - '0');
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text) && scale < 1e9; text++, scale *= 10)
			number = 10 * number + (*text - '0');
	return isfinite(number) ? number / scale : -1;
}
