/* SPDX-License-Identifier: MIT
 *
 * The line is composed of parts, the most useful first; a part that does not
 * fit the terminal's present width is left out with all after it. The last
 * column stays free, since writing there moves the cursor on some terminals.
 */
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/print/terminal.h"

#define WIDTH_MAX 200
#define CLEAR_LINE "\r\033[K"

void ls_progress_init(struct ls_progress *progress, int quiet)
{
	*progress = (struct ls_progress){.live = !quiet && ls_terminal_redraws()};
}

/* Adds a part when it fits; non-zero when it did. */
static int add_part(char *line, size_t width, const char *part)
{
	size_t used = strlen(line), length = strlen(part);
	if (used + 2 + length >= width)
		return 0;
	memcpy(line + used, "  ", 2);
	memcpy(line + used + 2, part, length + 1);
	return 1;
}

static void format_left(char *text, size_t size, double seconds)
{
	char left[LS_DURATION_MAX];
	if (*ls_terminal_duration(left, seconds))
		snprintf(text, size, "%s left", left);
}

static void format_last(char *text, size_t size, const struct lockstep_epoch *last)
{
	const struct lockstep_metrics *metrics = last->test.n_rows ? &last->test : &last->validation;
	int n = snprintf(text, size, "loss %.4g", last->loss);
	if (metrics->n_rows)
		snprintf(text + n, size - (size_t)n, "  %s %.2f %%", last->test.n_rows ? "test" : "validation",
		         100 * metrics->accuracy);
}

static void compose(char line[WIDTH_MAX], size_t width, const struct lockstep_progress *now,
                    const struct lockstep_epoch *last)
{
	char parts[5][64] = {""};
	double done = now->n_steps ? (double)now->step / (double)now->n_steps : 0;

	snprintf(parts[0], sizeof parts[0], "epoch %u/%u", now->epoch, now->n_epochs);
	snprintf(parts[1], sizeof parts[1], "%3.0f %%", floor(100 * done));
	format_left(parts[2], sizeof parts[2], now->seconds_left);
	if (last)
		format_last(parts[3], sizeof parts[3], last);
	snprintf(parts[4], sizeof parts[4], "%.0f samples/s", now->samples_per_second);

	line[0] = '\0';
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (parts[i][0] && !add_part(line, width, parts[i]))
			return;
}

void ls_progress_draw(struct ls_progress *progress, const struct lockstep_progress *now,
                      const struct lockstep_epoch *last)
{
	if (!progress->live)
		return;
	char line[WIDTH_MAX];
	size_t columns, lines;
	ls_terminal_size(&columns, &lines);
	compose(line, columns < WIDTH_MAX ? columns : WIDTH_MAX, now, last);
	fprintf(stderr, CLEAR_LINE "%s", line);
	fflush(stderr);
	progress->drawn = 1;
}

void ls_progress_clear(struct ls_progress *progress)
{
	if (!progress->drawn)
		return;
	fputs(CLEAR_LINE, stderr);
	fflush(stderr);
	progress->drawn = 0;
}
