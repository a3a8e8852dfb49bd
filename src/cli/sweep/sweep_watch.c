/* SPDX-License-Identifier: MIT
 *
 * What changes the screen is composed in memory and written at once, so that nothing
 * flickers. No line is as wide as the terminal: the cursor stays where the count of
 * lines says.
 */
#include "sweep_watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/terminal.h"

#define LINE_SIZE 1024
#define FRAME_SECONDS 0.1 /* from one drawing to the next */
#define LINES_BESIDE 5    /* of the table, beside those of trials; and the line after it */

void ls_sweep_watch_init(struct ls_sweep_watch *watch, const lockstep_sweep *sweep, const char *metric, int quiet)
{
	*watch = (struct ls_sweep_watch){
	    .sweep = sweep,
	    .metric = metric,
	    .quiet = quiet,
	    .live = !quiet && ls_terminal_redraws(),
	};
	watch->drawn_at = -FRAME_SECONDS;
}

void ls_sweep_watch_fini(struct ls_sweep_watch *watch)
{
	for (size_t i = 0; i < watch->n_trials; i++)
		free(watch->trials[i].parameters);
	free(watch->trials);
}

uint64_t ls_sweep_n_ended(const struct lockstep_study_progress *progress)
{
	uint64_t n = 0;
	for (int state = LOCKSTEP_TRIAL_DONE; state < LOCKSTEP_N_TRIAL_STATES; state++)
		n += progress->n_in_state[state];
	return n;
}

/* ---- Trials ---------------------------------------------------------------- */

static int is_constant(const lockstep_sweep *sweep, const char *name)
{
	struct lockstep_sweep_plan plan;
	lockstep_sweep_describe(sweep, &plan);
	for (size_t i = 0; i < plan.n_parameters; i++) {
		struct lockstep_sweep_parameter parameter;
		lockstep_sweep_get_parameter(sweep, i, &parameter);
		if (strcmp(parameter.name, name) == 0)
			return strcmp(parameter.distribution, "constant") == 0;
	}
	return 0;
}

/* Without those that all trials have alike. NULL: there is no memory. */
static char *join_parameters(const lockstep_sweep *sweep, const struct lockstep_study_trial *trial)
{
	size_t size = 1, used = 0;
	for (size_t i = 0; i < trial->n; i++)
		size += strlen(trial->names[i]) + strlen(trial->texts[i]) + 2;
	char *text = calloc(size, 1);
	for (size_t i = 0; text && i < trial->n; i++)
		if (!is_constant(sweep, trial->names[i]))
			used += (size_t)snprintf(text + used, size - used, "%s%s=%s", used ? " " : "", trial->names[i],
			                         trial->texts[i]);
	return text;
}

/* Room for the trial; NULL: there is no memory, and it is not shown. */
static struct ls_watched_trial *at(struct ls_sweep_watch *watch, uint64_t number)
{
	if (number >= watch->capacity) {
		size_t capacity = 2 * (size_t)number + 64;
		struct ls_watched_trial *trials = realloc(watch->trials, capacity * sizeof *trials);
		if (!trials)
			return NULL;
		watch->trials = trials;
		watch->capacity = capacity;
	}
	while (watch->n_trials <= number)
		watch->trials[watch->n_trials++] = (struct ls_watched_trial){.objective = NAN};
	return &watch->trials[number];
}

void ls_sweep_watch_trial(struct ls_sweep_watch *watch, const struct lockstep_study_trial *trial)
{
	struct ls_watched_trial *watched = at(watch, trial->number);
	if (!watched)
		return;
	free(watched->parameters);
	watched->parameters = join_parameters(watch->sweep, trial);
}

const char *ls_sweep_watch_parameters(const struct ls_sweep_watch *watch, uint64_t number)
{
	const char *parameters = number < watch->n_trials ? watch->trials[number].parameters : NULL;
	return parameters ? parameters : "";
}

static void take(struct ls_sweep_watch *watch, const struct lockstep_study_progress *progress)
{
	struct ls_watched_trial *trial = progress->change == LOCKSTEP_STUDY_TICK ? NULL : at(watch, progress->trial);
	if (!trial)
		return;
	trial->is_running = progress->state == LOCKSTEP_TRIAL_RUNNING;
	trial->epoch = progress->epoch;
	trial->until = progress->until;
	trial->workers = progress->workers;
	trial->objective = progress->objective;
}

/* ---- Lines ------------------------------------------------------------------ */

/* As much of the text as fits, one column a character, without what moves the cursor. */
static void put_line(FILE *frame, const char *text, size_t columns)
{
	size_t n = 0;
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		int is_first = (byte & 0xC0) != 0x80; /* of a character in UTF-8 */
		if (is_first && ++n >= columns)
			return;
		putc(byte < ' ' || byte == 127 ? '?' : byte, frame);
	}
}

/* With what it came to, or why it came to nothing. */
static void put_report(struct ls_sweep_watch *watch, const struct lockstep_study_progress *progress, FILE *frame,
                       size_t columns)
{
	char line[LINE_SIZE], result[640] = "";
	if (progress->message)
		snprintf(result, sizeof result, "%s", progress->message);
	else if (!isnan(progress->objective))
		snprintf(result, sizeof result, "%s %-10.6g", watch->metric, progress->objective);
	int is_best = progress->state == LOCKSTEP_TRIAL_DONE && progress->best == progress->trial;
	snprintf(line, sizeof line, "trial %4llu  %-8s  epoch %4u  %s  %s%s", (unsigned long long)progress->trial,
	         lockstep_trial_state_name(progress->state), progress->epoch, result, is_best ? "best: " : "",
	         ls_sweep_watch_parameters(watch, progress->trial));
	put_line(frame, line, columns);
	putc('\n', frame);
}

/* "8 done, 3 pruned, " */
static void format_states(char *text, size_t size, const struct lockstep_study_progress *progress)
{
	size_t used = 0;
	text[0] = '\0';
	for (int state = LOCKSTEP_TRIAL_PAUSED; state < LOCKSTEP_N_TRIAL_STATES && used < size; state++)
		if (progress->n_in_state[state])
			used += (size_t)snprintf(text + used, size - used, "%llu %s, ",
			                         (unsigned long long)progress->n_in_state[state],
			                         lockstep_trial_state_name((enum lockstep_trial_state)state));
}

static void put_study(const struct lockstep_study_progress *progress, FILE *frame, size_t columns)
{
	char line[LINE_SIZE], elapsed[LS_DURATION_MAX], left[LS_DURATION_MAX], states[256], total[32] = "";
	format_states(states, sizeof states, progress);
	if (progress->n_trials != LOCKSTEP_SWEEP_UNLIMITED)
		snprintf(total, sizeof total, " of %llu", (unsigned long long)progress->n_trials);
	ls_terminal_duration(elapsed, progress->seconds);
	ls_terminal_duration(left, progress->seconds_left);
	snprintf(line, sizeof line, "%s%s%s%s  %llu%s trials: %s%u running (%u/%u cores)", elapsed,
	         *left ? ", about " : "", left, *left ? " left" : "", (unsigned long long)progress->n_started, total,
	         states, progress->n_running, progress->n_busy, progress->n_cores);
	put_line(frame, line, columns);
}

static void put_best(const struct ls_sweep_watch *watch, const struct lockstep_study_progress *progress, FILE *frame,
                     size_t columns)
{
	char line[LINE_SIZE] = "best     none yet";
	if (!isnan(progress->best_objective))
		snprintf(line, sizeof line, "best %4llu  %s %.6g  %s", (unsigned long long)progress->best,
		         watch->metric, progress->best_objective, ls_sweep_watch_parameters(watch, progress->best));
	put_line(frame, line, columns);
}

/* The columns of those that run: trial, epochs, cores, objective, parameters. */
static void put_running(const struct ls_sweep_watch *watch, const struct ls_watched_trial *trial, FILE *frame,
                        size_t columns)
{
	char line[LINE_SIZE], epochs[32], cores[16] = "-", objective[64] = "-";
	snprintf(epochs, sizeof epochs, trial->until ? "%u/%u" : "%u", trial->epoch, trial->until);
	if (trial->workers)
		snprintf(cores, sizeof cores, "%u", trial->workers);
	if (!isnan(trial->objective))
		snprintf(objective, sizeof objective, "%.6g", trial->objective);
	uint64_t number = (uint64_t)(trial - watch->trials);
	snprintf(line, sizeof line, "%9llu  %9s  %5s  %-*s  %s", (unsigned long long)number, epochs, cores,
	         (int)strlen(watch->metric), objective, ls_sweep_watch_parameters(watch, number));
	put_line(frame, line, columns);
}

/* Returns how many lines, of `room`. */
static size_t put_trials(const struct ls_sweep_watch *watch, FILE *frame, size_t columns, size_t room)
{
	char line[LINE_SIZE];
	size_t n = 0, n_running = 0;
	for (size_t i = 0; i < watch->n_trials; i++)
		n_running += watch->trials[i].is_running != 0;
	size_t n_shown = n_running <= room ? n_running : room - 1;
	for (size_t i = 0; i < watch->n_trials && n < n_shown; i++)
		if (watch->trials[i].is_running) {
			putc('\n', frame);
			put_running(watch, &watch->trials[i], frame, columns);
			n++;
		}
	if (n == n_running)
		return n;
	snprintf(line, sizeof line, "\n%9s  and %zu more", "", n_running - n);
	fputs(line, frame);
	return n + 1;
}

/* ---- The screen -------------------------------------------------------------- */

/* From the line after what is drawn, where an echoed ^C does no harm. */
static void put_clear(struct ls_sweep_watch *watch, FILE *frame)
{
	if (!watch->n_drawn)
		return;
	putc('\r', frame);
	for (size_t i = 0; i < watch->n_drawn; i++)
		fputs("\033[A", frame);
	fputs("\033[J", frame);
	watch->n_drawn = 0;
}

static void put_table(struct ls_sweep_watch *watch, const struct lockstep_study_progress *progress, FILE *frame)
{
	char line[LINE_SIZE];
	size_t columns, lines;
	ls_terminal_size(&columns, &lines);
	put_study(progress, frame, columns);
	putc('\n', frame);
	put_best(watch, progress, frame, columns);
	putc('\n', frame);
	snprintf(line, sizeof line, "%9s  %9s  %5s  %s  %s", "trial", "epochs", "cores", watch->metric, "parameters");
	put_line(frame, line, columns);
	watch->n_drawn = 3 + put_trials(watch, frame, columns, lines > LINES_BESIDE ? lines - LINES_BESIDE : 1);
	putc('\n', frame);
	watch->drawn_at = progress->seconds;
}

static void put_reports(struct ls_sweep_watch *watch, FILE *frame)
{
	if (!watch->reports)
		return;
	if (fclose(watch->reports) == 0)
		fputs(watch->report_text, frame);
	free(watch->report_text);
	watch->reports = NULL;
}

/* `progress` NULL: without the table. */
static void write_frame(struct ls_sweep_watch *watch, const struct lockstep_study_progress *progress)
{
	char *text = NULL;
	size_t size;
	FILE *frame = open_memstream(&text, &size);
	if (!frame)
		return;
	put_clear(watch, frame);
	put_reports(watch, frame);
	if (progress)
		put_table(watch, progress, frame);
	if (fclose(frame) == 0)
		fputs(text, stderr);
	free(text);
}

/* Kept until the next drawing. */
static void add_report(struct ls_sweep_watch *watch, const struct lockstep_study_progress *progress)
{
	size_t columns = LINE_SIZE, lines;
	if (watch->live)
		ls_terminal_size(&columns, &lines);
	if (!watch->reports)
		watch->reports = open_memstream(&watch->report_text, &watch->report_size);
	if (watch->reports)
		put_report(watch, progress, watch->reports, columns);
}

/* A table is drawn when nothing is on its way from one trial to the next. */
void ls_sweep_watch_progress(struct ls_sweep_watch *watch, const struct lockstep_study_progress *progress)
{
	enum lockstep_study_change change = progress->change;
	if (watch->quiet)
		return;
	take(watch, progress);
	if (change == LOCKSTEP_STUDY_REPORTED)
		add_report(watch, progress);
	if (!watch->live && watch->reports)
		write_frame(watch, NULL);
	int is_steady = change == LOCKSTEP_STUDY_EPOCH || change == LOCKSTEP_STUDY_TICK;
	if (watch->live && is_steady && progress->seconds - watch->drawn_at >= FRAME_SECONDS)
		write_frame(watch, progress);
}

void ls_sweep_watch_clear(struct ls_sweep_watch *watch)
{
	if (watch->n_drawn || watch->reports)
		write_frame(watch, NULL);
}
