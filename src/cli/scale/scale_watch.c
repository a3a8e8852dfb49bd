/* SPDX-License-Identifier: MIT
 *
 * A run takes about a second, so that a line a run is neither too much nor too little on a terminal.
 */
#include "scale_watch.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "cli/print/message.h"
#include "cli/print/terminal.h"
#include "cli/train/stop_signals.h"
#include "scale_name.h"
#include "scale_options.h"
#include "scale_result.h"

#define LINE_SIZE 400
#define CLEAR_LINE "\r\033[K"
#define PLAIN_SECONDS 10 /* from one plain line to the next */

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void ls_scale_watch_init(struct ls_scale_watch *watch, const struct lockstep_scaling_study_options *options, int quiet)
{
	*watch = (struct ls_scale_watch){
	    .options = options,
	    .quiet = quiet,
	    .live = !quiet && ls_terminal_redraws(),
	    .stage = -1,
	    .said_at = seconds_now(),
	};
}

int ls_scale_watch_is_stopped(void)
{
	return ls_stop_signals_caught() != 0;
}

/* As much of the line as the terminal has columns for. */
static void draw(struct ls_scale_watch *watch, const char *line)
{
	size_t columns, lines;
	ls_terminal_size(&columns, &lines);
	fprintf(stderr, CLEAR_LINE "%.*s", (int)(columns > 1 ? columns - 1 : 1), line);
	fflush(stderr);
	watch->is_drawn = 1;
}

void ls_scale_watch_say(struct ls_scale_watch *watch, const char *text)
{
	if (watch->live) {
		draw(watch, text);
		return;
	}
	double now = seconds_now();
	if (watch->quiet || now - watch->said_at < PLAIN_SECONDS)
		return;
	watch->said_at = now;
	ls_message_note(LS_SCALE_COMMAND, "%s", text);
}

void ls_scale_watch_clear(struct ls_scale_watch *watch)
{
	if (!watch->is_drawn)
		return;
	fputs(CLEAR_LINE, stderr);
	fflush(stderr);
	watch->is_drawn = 0;
}

/* ---- The study --------------------------------------------------------------- */

/* From the runs of the stage until now; blocks may end before, when all is known well enough. */
static double seconds_left(const struct ls_scale_watch *watch, const struct lockstep_scaling_progress *progress)
{
	double since = progress->seconds - watch->stage_at, limit = watch->options->seconds;
	if (progress->n_runs == 0 || progress->n_runs_max < progress->n_runs)
		return NAN;
	double left = since / (double)progress->n_runs * (double)(progress->n_runs_max - progress->n_runs);
	int is_limited = progress->stage == LOCKSTEP_SCALING_BLOCKS && limit > 0;
	return is_limited && limit - progress->seconds < left ? fmax(limit - progress->seconds, 0) : left;
}

static void format_stage(const struct ls_scale_watch *watch, const struct lockstep_scaling_progress *progress,
                         char *text, size_t size)
{
	static const char *const names[LOCKSTEP_N_SCALING_STAGES] = {
	    [LOCKSTEP_SCALING_CALIBRATION] = "how long a step takes",
	    [LOCKSTEP_SCALING_PHASES] = "where the time goes",
	    [LOCKSTEP_SCALING_LIMITS] = "what the machine could do",
	};
	if (progress->stage == LOCKSTEP_SCALING_BLOCKS)
		snprintf(text, size, "block %u of %u to %u", progress->block, watch->options->blocks_min,
		         watch->options->blocks_max);
	else
		snprintf(text, size, "%s", names[progress->stage]);
}

static void compose(const struct ls_scale_watch *watch, const struct lockstep_scaling_progress *progress, char *line)
{
	char stage[64], name[LS_SCALE_SERIES_NAME], precise[48] = "", left[LS_DURATION_MAX];
	format_stage(watch, progress, stage, sizeof stage);
	ls_scale_series_name(watch->options, progress->series, name);
	ls_terminal_duration(left, seconds_left(watch, progress));
	if (progress->stage == LOCKSTEP_SCALING_BLOCKS)
		snprintf(precise, sizeof precise, ", %zu of %zu levels precise", progress->n_precise,
		         progress->n_levels);
	snprintf(line, LINE_SIZE, "%s%s%s%s%s: %u worker%s%s%s", stage, precise, *left ? ", at most " : "", left,
	         *left ? " left" : "", progress->workers, progress->workers == 1 ? "" : "s", *name ? ", " : "", name);
}

void ls_scale_watch_study(struct ls_scale_watch *watch, const struct lockstep_scaling_progress *progress)
{
	char line[LINE_SIZE];
	if (watch->stage != (int)progress->stage) {
		watch->stage = (int)progress->stage;
		watch->stage_at = progress->seconds;
	}
	compose(watch, progress, line);
	ls_scale_watch_say(watch, line);
}

void ls_scale_watch_loss(struct ls_scale_watch *watch, const struct lockstep_time_to_loss_progress *progress)
{
	char line[LINE_SIZE], loss[32] = "";
	if (!isnan(progress->loss))
		snprintf(loss, sizeof loss, ", loss %.4g", progress->loss);
	snprintf(line, sizeof line, "time to a loss: mini-batch %u, rate %g, step %llu of at most %llu%s",
	         progress->batch, progress->learning_rate, (unsigned long long)progress->step,
	         (unsigned long long)progress->n_steps, loss);
	ls_scale_watch_say(watch, line);
}
