/* SPDX-License-Identifier: MIT
 *
 * The verbs of `lockstep runs`, and what they share.
 */
#ifndef LS_CLI_RUNS_VERBS_H
#define LS_CLI_RUNS_VERBS_H

#include "cli/options/job_options.h"
#include "cli/print/rows.h"
#include "lockstep/runs.h"

#define LS_RUNS_COMMAND "runs"
#define LS_PARAMETERS "param" /* groups of columns */
#define LS_METRICS "metric"

/* Forms of an export that are no rows; they follow enum ls_format. */
enum { LS_FORMAT_OPTUNA = LS_N_ROW_FORMATS, LS_FORMAT_TENSORBOARD };

#define LS_RUNS_N_DEFAULT UINT32_MAX

struct ls_runs {
	const char *path, *output;
	int format; /* enum ls_format, or one of those above; -1: the verb's own */
	uint32_t n; /* 0: all; LS_RUNS_N_DEFAULT: not given */
	int epochs, no_times, quiet;
	const char *save, *seed;     /* NULL: not given */
	struct ls_job_options job;   /* of --save: how to run, and in `data` what was given */
	const char *const *operands; /* behind the verb; NULL ends them */
	lockstep_runs *runs;
};

/* Each returns the exit status. */
int ls_runs_list(struct ls_runs *runs);
int ls_runs_show(struct ls_runs *runs);
int ls_runs_best(struct ls_runs *runs);
int ls_runs_compare(struct ls_runs *runs);
int ls_runs_export(struct ls_runs *runs);

/* Trains a trial's job again and writes the model to runs->save; closes the database on
 * the way. Returns the exit status. */
int ls_runs_save(struct ls_runs *runs, const struct lockstep_runs_study *study,
                 const struct lockstep_runs_trial *trial);

/* Reads the study of that name; NULL: the only one. On failure one line was said. The
 * caller destroys *study. */
int ls_runs_read(const struct ls_runs *runs, const char *name, struct lockstep_runs_study **study);

/* The scaling study of that name; NULL, too, when the name is and it is the only study. NULL: there is none. */
const struct lockstep_runs_scaling *ls_runs_find_scaling(const struct ls_runs *runs, const char *name);
/* "strong scaling" or "weak scaling"; static text. */
const char *ls_runs_scaling_kind(const struct lockstep_runs_scaling *scaling);
/* Says that it has no trials; the exit status. */
int ls_runs_is_scaling(const struct lockstep_runs_scaling *scaling);
int ls_runs_show_scaling(const struct ls_runs *runs, const struct lockstep_runs_scaling *scaling);
int ls_runs_export_scaling(const struct ls_runs *runs, const struct lockstep_runs_scaling *scaling);

/* That there are n studies, and one was to be named; the exit status. */
int ls_runs_say_which(const struct ls_runs *runs, size_t n);

/* The number that a whole text is; 0 when it is none. */
int ls_runs_number(const char *text, uint64_t *number);

/* The trial of that number; says so when there is none. */
int ls_runs_find_trial(const struct lockstep_runs_study *study, uint64_t number,
                       const struct lockstep_runs_trial **trial);

enum ls_format ls_runs_format(const struct ls_runs *runs);

/* Columns and cells of all parameters, and of values by metric. */
void ls_runs_parameter_columns(struct ls_rows *rows, const struct lockstep_runs_study *study);
void ls_runs_parameters(struct ls_rows *rows, const struct lockstep_runs_study *study,
                        const struct lockstep_runs_trial *trial);
void ls_runs_metric_columns(struct ls_rows *rows, const struct lockstep_runs_study *study);
void ls_runs_metrics(struct ls_rows *rows, const struct lockstep_runs_study *study, const double *values);

/* Several columns without a group; NULL ends them. */
void ls_runs_columns(struct ls_rows *rows, const char *const *names);

/* "study:3", as operands name trials. */
#define LS_RUNS_LABEL_MAX 256
void ls_runs_label(const struct lockstep_runs_study *study, const struct lockstep_runs_trial *trial,
                   char label[LS_RUNS_LABEL_MAX]);

#endif
