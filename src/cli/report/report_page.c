/* SPDX-License-Identifier: MIT
 *
 * The page is put together from the frame, whose places are words between two '@' that stand alone on a
 * line. d3 is read from a file, since its package keeps it current and its copyright with it.
 */
#define _GNU_SOURCE /* strcasestr() */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"
#include "report.h"

#define COMMAND LS_REPORT_COMMAND
#define FRAME "report.html"
#define D3_MAX (8 << 20)

/* ---- d3 ----------------------------------------------------------------------- */

/* Reads a whole file; NULL with errno. The text ends in 0. */
static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return NULL;
	char *text = malloc(D3_MAX + 1);
	size_t n = text ? fread(text, 1, D3_MAX, file) : 0;
	int cause = !text ? ENOMEM : ferror(file) ? errno : n == D3_MAX ? EFBIG : 0;
	fclose(file);
	if (text && !cause) {
		text[n] = '\0';
		return text;
	}
	free(text);
	errno = cause;
	return NULL;
}

/* It is to stand in a page, and to be what the scripts know. */
static int check_d3(const char *text, const char *path)
{
	char first[256];
	snprintf(first, sizeof first, "%s", text);
	first[strcspn(first, "\n")] = '\0';
	if (!strstr(first, "d3js.org v5."))
		return ls_message_failed(COMMAND, "%s: is not d3 5: its first line does not name d3js.org v5", path);
	if (strcasestr(text, "</script") || strstr(text, "<!--"))
		return ls_message_failed(COMMAND, "%s: cannot be a part of a page", path);
	return LS_EXIT_DONE;
}

int ls_report_d3_load(char **text, const char *path)
{
	static const char *const places[] = {LS_D3, "/usr/share/nodejs/d3/dist/d3.min.js",
	                                     "/usr/share/javascript/d3/d3.min.js"};
	char *found = path ? read_file(path) : NULL;
	if (path && !found)
		return ls_message_failed(COMMAND, "--d3 %s: %s", path, strerror(errno));
	for (size_t i = 0; !found && i < sizeof places / sizeof *places; i++) {
		path = places[i];
		found = *path ? read_file(path) : NULL;
	}
	if (!found)
		return ls_message_failed(
		    COMMAND, "d3 5 is not there: install the package node-d3, or name its d3.min.js with --d3");
	int status = check_d3(found, path);
	if (status)
		free(found);
	else
		*text = found;
	return status;
}

/* ---- The page ------------------------------------------------------------------- */

static int has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), n_suffix = strlen(suffix);
	return n >= n_suffix && strcmp(name + n - n_suffix, suffix) == 0;
}

static void write_files(const char *suffix, FILE *file)
{
	for (const struct ls_report_file *own = ls_report_files; own->name; own++)
		if (has_suffix(own->name, suffix))
			fwrite(own->bytes, 1, own->n, file);
}

static int is_line(const unsigned char *line, size_t n, const char *text)
{
	return n == strlen(text) && memcmp(line, text, n) == 0;
}

static int write_line(const struct ls_report_page *page, const unsigned char *line, size_t n, FILE *file)
{
	int status = LS_EXIT_DONE;
	if (is_line(line, n, "@style@"))
		write_files(".css", file);
	else if (is_line(line, n, "@script@"))
		write_files(".js", file);
	else if (is_line(line, n, "@d3@"))
		fputs(page->d3, file);
	else if (is_line(line, n, "@data@"))
		status = page->write_data(page->context, file);
	else
		fwrite(line, 1, n, file);
	putc('\n', file);
	return status;
}

static const struct ls_report_file *find_frame(void)
{
	const struct ls_report_file *own = ls_report_files;
	while (strcmp(own->name, FRAME) != 0)
		own++;
	return own;
}

int ls_report_page_write(const struct ls_report_page *page, FILE *file)
{
	const struct ls_report_file *frame = find_frame();
	int status = LS_EXIT_DONE;
	for (size_t at = 0, n; !status && at < frame->n; at += n + 1) {
		const unsigned char *end = memchr(frame->bytes + at, '\n', frame->n - at);
		n = end ? (size_t)(end - frame->bytes) - at : frame->n - at;
		status = write_line(page, frame->bytes + at, n, file);
	}
	return status;
}

/* Its beginning is the frame's. */
int ls_report_page_is(const char *path)
{
	char start[96] = "";
	const struct ls_report_file *frame = find_frame();
	FILE *file = fopen(path, "rb");
	size_t n = file ? fread(start, 1, sizeof start, file) : 0;
	if (file)
		fclose(file);
	return n == sizeof start && frame->n > n && memcmp(start, frame->bytes, n) == 0;
}
