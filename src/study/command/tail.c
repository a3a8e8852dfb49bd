/* SPDX-License-Identifier: MIT
 *
 * A bar that moves along its line is what it was in the end: '\r' ends a line as well.
 */
#include "tail.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define READ_MAX 4096

int64_t ls_tail_begin(const char *path)
{
	FILE *file = fopen(path, "rbe");
	if (!file)
		return 0;
	long size = fseek(file, 0, SEEK_END) ? 0 : ftell(file);
	fclose(file);
	return size > 0 ? size : 0;
}

static size_t read_end(const char *path, int64_t from, char *bytes)
{
	FILE *file = fopen(path, "rbe");
	if (!file)
		return 0;
	long size = fseek(file, 0, SEEK_END) ? 0 : ftell(file);
	long at = size - READ_MAX > from ? size - READ_MAX : (long)from;
	size_t n = size > at && !fseek(file, at, SEEK_SET) ? fread(bytes, 1, READ_MAX, file) : 0;
	fclose(file);
	return n;
}

static int is_end(char c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t' || c == '\0';
}

/* Not within a character: its first byte goes with it. */
static size_t cut(const char *text, size_t n)
{
	while (n > 0 && !ls_utf8_check(text, n) && ((unsigned char)text[n - 1] & 0x80))
		n--;
	return n;
}

void ls_tail_read(const char *path, int64_t from, char line[LS_TAIL_MAX])
{
	char bytes[READ_MAX];
	size_t end = read_end(path, from, bytes);
	while (end > 0 && is_end(bytes[end - 1]))
		end--;
	size_t begin = end;
	while (begin > 0 && bytes[begin - 1] != '\n' && bytes[begin - 1] != '\r')
		begin--;
	size_t n = end - begin, kept = n < LS_TAIL_MAX ? n : LS_TAIL_MAX - 1;
	int is_text = ls_utf8_check(bytes + begin, n);
	if (is_text && kept < n)
		kept = cut(bytes + begin, kept);
	for (size_t i = 0; i < kept; i++) {
		unsigned char byte = (unsigned char)bytes[begin + i];
		line[i] = (char)(byte < ' ' || byte == 127 || (byte >= 128 && !is_text) ? '?' : byte);
	}
	line[kept] = '\0';
}
